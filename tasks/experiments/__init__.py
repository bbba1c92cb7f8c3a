"""The papers' named experiments: their points, tables and figures. No sweep arithmetic."""
