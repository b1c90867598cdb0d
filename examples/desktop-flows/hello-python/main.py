import platform

import attendant

name = attendant.inputs.get("name", "World")
attendant.progress(subflow="Main", action="Greet", percent=50)
print(f"Python {platform.python_version()} greets {name}")
attendant.output("greeting", f"Hello {name}!")
