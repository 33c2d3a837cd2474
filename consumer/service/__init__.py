"""The one thread that decides: `loop` is `Service.step`, and each stage that touches the outside has a file."""
