import CausewayCommands
import Glibc

@main
struct CausewayMain {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if CausewayTool.answersAtOnce(arguments) { return }
        exit(await CausewayTool.run(arguments))
    }
}
