import ArgumentParser
import CausewayDaemon

@main
struct Causewayd {
    static func main() async {
        await DaemonCommand<Daemon>.main()
    }
}
