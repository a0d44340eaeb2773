import CausewayCommands
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
if CausewayTool.answersAtOnce(arguments) { exit(0) }
exit(await CausewayTool.run(arguments))
