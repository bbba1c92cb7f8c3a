// The API's description, read from this station; no validator is asked, which would be somebody else's server.
SwaggerUIBundle({ url: "../openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: true });
