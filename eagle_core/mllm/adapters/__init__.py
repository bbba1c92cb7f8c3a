"""What model families of transformers differ in, as data, one line or file a family. No loading, no asking."""
