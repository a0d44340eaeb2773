import CausewayConnectorKit
import CausewayCore
import CausewayDaemon
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayVault
import Glibc
import Logging

/// Imports files of a folder into a new store through the whole engine, without socket, for measurements; from this
/// machine, or by SFTP.
///
/// It does what standard input says, a line at a time, and answers each with a line:
///
///     fetch            one run over the folder's files: "STATE READ NEW UPDATED UNCHANGED QUARANTINED", then its stages
///     reload           counts all statistics anew
///     export csv       all records to the file CSV beside the store
///     copy             reads the folder's files and keeps nothing: their bytes
///     writes           write transactions so far: microseconds of the longest, of them on a processor, its bytes; the
///                      most that one took of a processor, microseconds of all, and how many there were
@main
struct BenchImport {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else {
            print("usage: causeway-bench-import STATE_FOLDER FOLDER [SETTING=VALUE ...] [sftp.SETTING=VALUE ...]")
            exit(64)
        }
        do {
            try await measure(arguments[1], try Place(arguments[2], Array(arguments[3...])))
        } catch {
            print("\(error)")
            exit(1)
        }
    }

    private static func measure(_ state: String, _ place: Place) async throws {
        guard mkdir(state, 0o700) == 0 else { throw CausewayError.invalid("STATE_FOLDER", "it cannot be made new.") }
        let clock = SystemClock()
        let store = try LMDBStore.open(at: "\(state)/store", clock: clock)
        let epoch = try await store.nextEpoch()
        let opened = try MasterKeySource.file(MasterKeyFile("\(state)/master-key"), mayCreate: true)
            .open(checkValue: nil, holdsSealedValues: false)
        let random = SystemRandom()
        let seed = ContentSeed(random.next())
        var system = CommitUnit(Ownership(shard: .system, epoch: epoch))
        MasterKeyCheckTable.put(into: &system, opened.newCheckValue ?? [])
        ContentSeedTable.create(in: &system, seed)
        try await store.commit(system)
        let threads = try WorkThreads(count: 2)
        let supervisor = Supervisor(
            EngineEnvironment(
                store: store, vault: opened.vault, catalogue: try Place.catalogue(), clock: clock,
                random: random, spawner: .system(threads), zones: try FoundationTimeZones(),
                logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, limits: EngineLimits(),
                epoch: epoch, contentSeed: seed))
        try await supervisor.start()
        _ = try await supervisor.createConnection(place.draft, skipTest: true)
        print("ready")
        fflush(nil)
        while let line = readLine() {
            switch line {
            case "copy": print(try await place.copy())
            case "writes":
                let figures = try store.figures()
                let times = figures.writeTimes
                print(
                    times.longest.microseconds, times.processorTimeOfLongest.microseconds, times.bytesOfLongest,
                    times.greatestProcessorTime.microseconds, times.total.microseconds, figures.commits)
            default: print(try await answer(line, supervisor, state))
            }
            fflush(nil)
        }
        await supervisor.stop()
        threads.shutDown()
        store.close()
    }

    private static func answer(_ line: String, _ supervisor: Supervisor, _ state: String) async throws -> String {
        let connection = try supervisor.directory.connection("bench")
        switch line {
        case "fetch":
            return try await ended(connection.startFetch(.full), of: connection)
        case "reload":
            return try await ended(connection.reloadStatistics(nil, requestID: ""), of: connection)
        case "export csv":
            let file = Glibc.open("\(state)/export.csv", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            defer { Glibc.close(file) }
            var records: Int64 = 0
            try await Queries(supervisor).export("bench", "profiles", .csv) { piece, count in
                guard write(file, piece, piece.count) == piece.count else {
                    throw CausewayError(.unavailable, reason: "EXPORT_WRITE", "The export cannot be written.")
                }
                records = count
            }
            return "\(records)"
        default:
            throw CausewayError.invalid("line", "\"\(line)\" is not known.")
        }
    }

    /// Waits for a run's end and says what it came to.
    private static func ended(_ run: RunView, of connection: CausewayEngine.Connection) async throws -> String {
        var last = run
        for await view in try await connection.watch(run.number) { last = view }
        last = try await connection.view(of: run.number)
        let counts = last.stored.counters ?? StoredCounters()
        let stages = last.stored.stages.map { stage in
            "\(stage.stage.split(separator: " ").joined(separator: "-"))=\(stage.busyMicros)"
        }.joined(separator: ",")
        return "\(last.state) \(counts.rowsRead) \(counts.rowsNew) \(counts.rowsUpdated) \(counts.rowsUnchanged) "
            + "\(counts.rowsQuarantined) \(stages) \(last.stored.errorMessage)"
    }
}
