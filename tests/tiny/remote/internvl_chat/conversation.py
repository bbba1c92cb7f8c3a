import dataclasses


@dataclasses.dataclass
class Conversation:
    system_message: str = "You look at images."
    roles: tuple = ("<|im_start|>user\n", "<|im_start|>assistant\n")
    messages: list = dataclasses.field(default_factory=list)
    sep: str = "<|im_end|>\n"

    def append_message(self, role, message):
        self.messages.append([role, message])

    def get_prompt(self):
        said = f"<|im_start|>system\n{self.system_message}{self.sep}"
        return said + "".join(role + message + self.sep if message else role for role, message in self.messages)


def get_conv_template(name):
    return {"chatml": Conversation}[name]()
