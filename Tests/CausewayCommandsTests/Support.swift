import ArgumentParser
import CausewayCore
import CausewayMessages
import Glibc
import Synchronization

@testable import CausewayCommands

/// What a console was told, by stream.
final class Capture: Sendable {
    private let texts = Mutex<[Console.Stream: String]>([:])

    func console(_ format: OutputFormat = .table, quiet: Bool = false, out: Screen = .none) -> Console {
        Console(format: format, isQuiet: quiet, out: out) { stream, bytes in
            self.texts.withLock { $0[stream, default: ""] += String(decoding: bytes, as: UTF8.self) }
        }
    }
    var out: String { texts.withLock { $0[.out] ?? "" } }
    var err: String { texts.withLock { $0[.err] ?? "" } }
}

/// A daemon that answers what a test says, and remembers what it was asked.
final class ScriptedDaemon: Daemon {
    typealias Answer = @Sendable (any ProtobufMessage) throws -> any ProtobufMessage

    private struct State {
        var answers: [String: Answer] = [:]
        var streams: [String: [any ProtobufMessage]] = [:]
        var calls: [(method: String, request: any ProtobufMessage)] = []
    }
    private let state = Mutex(State())

    /// Answers a method from now on.
    func on<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ answer: @escaping @Sendable (Request) throws -> Response
    ) {
        state.withLock { state in
            state.answers[method.path] = { request in
                guard let request = request as? Request else { throw CausewayError.invalid("request", "wrong type") }
                return try answer(request)
            }
        }
    }

    /// Streams these from now on.
    func on<Request, Response>(_ method: MethodDescriptor<Request, Response>, streams messages: [Response]) {
        state.withLock { $0.streams[method.path] = messages }
    }

    /// The requests of a method so far.
    func requests<Request, Response>(_ method: MethodDescriptor<Request, Response>) -> [Request] {
        state.withLock { $0.calls.compactMap { $0.method == method.path ? $0.request as? Request : nil } }
    }

    func call<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?
    ) async throws -> Response {
        let answer = state.withLock { state in
            state.calls.append((method.path, request))
            return state.answers[method.path]
        }
        guard let response = try answer?(request) as? Response else {
            throw CausewayError(.unimplemented, reason: "UNIMPLEMENTED", "\(method.path) is not scripted.")
        }
        return response
    }

    func stream<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?,
        _ body: @Sendable (Response) async throws -> Void
    ) async throws {
        let messages = state.withLock { state in
            state.calls.append((method.path, request))
            return state.streams[method.path] ?? []
        }
        for message in messages { if let message = message as? Response { try await body(message) } }
    }
}

/// Somebody at a terminal who gives these answers in this order.
final class Answers: Sendable {
    private let state: Mutex<(answers: [String], shown: String, hidden: Int)>

    init(_ answers: [String]) { state = Mutex((answers, "", 0)) }

    var prompt: Prompt {
        Prompt(isPossible: true) { text in
            self.state.withLock { $0.shown += text }
        } read: { echo in
            self.state.withLock { state in
                if !echo { state.hidden += 1 }
                return state.answers.isEmpty ? nil : Array(state.answers.removeFirst().utf8)
            }
        }
    }
    /// What was shown to them.
    var shown: String { state.withLock(\.shown) }
    /// How many answers were typed without echo.
    var hidden: Int { state.withLock(\.hidden) }
    /// Answers that nobody asked for.
    var left: [String] { state.withLock(\.answers) }
}

/// A file with a secret that only its owner may read, removed with the value.
final class SecretFile: Sendable {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/causeway-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Failure.system("no file", errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { close(descriptor) }
        try Descriptor.write(Array(text.utf8), to: descriptor)
    }

    deinit { unlink(path) }
}

typealias SettingValue = CausewayMessages.SettingValue

/// Nobody at a terminal.
let nobody = Prompt(isPossible: false) { _ in
} read: { _ in
    nil
}

/// 2026-11-23 19:08:07 UTC, one hour ahead on the reader's clocks.
let testClock = LocalClock(now: Timestamp(seconds: 1_795_460_887)) { _ in 3_600 }

/// Runs a command line against a scripted daemon.
func run(
    _ arguments: [String], _ daemon: ScriptedDaemon, _ capture: Capture, prompt: Prompt = nobody,
    format: OutputFormat = .table, quiet: Bool = false
) async throws {
    let command = try Causeway.parseAsRoot(arguments)
    guard let command = command as? any SessionCommand else { throw Failure.usage("no command of a session") }
    let session = Session(
        daemon: daemon, console: capture.console(format, quiet: quiet), prompt: prompt, clock: testClock, timeout: nil)
    try await command.run(in: session)
}

/// An integration with everything that a spec can have.
let sampleIntegration = Integration.with {
    $0.name = "integrations/sftp"
    $0.title = "SFTP"
    $0.description = "Files of an SFTP server."
    $0.directions = [.inbound]
    $0.signInMethods = [
        .with {
            $0.id = "password"
            $0.title = "Password"
            $0.settings = [spec("username", required: true), spec("password", required: true, secret: true)]
        },
        .with {
            $0.id = "key"
            $0.title = "Private key"
            $0.settings = [
                spec("username", required: true), spec("private_key", required: true, secret: true),
                spec("passphrase", secret: true),
            ]
        },
    ]
    $0.settings = [
        spec("host", required: true),
        spec("port", .integer, default: .integer(22)) {
            $0.minimum = 1
            $0.maximum = 65_535
        },
        spec("keep_alive", .duration, default: .text("30s")) { $0.maximum = 3_600 },
        spec("host_key_fingerprint", .textList),
    ]
    $0.entitySettings = [
        spec("folder", required: true), spec("pattern", default: .text("*.csv")), spec("primary_key", .textList),
        spec("header", .boolean, default: .boolean(true)),
        spec("post_action", .choice, default: .text("leave")) { $0.choices = ["leave", "move", "delete"] },
    ]
}

/// The setting of a spec.
func spec(
    _ name: String, _ type: SettingSpec.TypeEnum = .text, required: Bool = false, secret: Bool = false,
    default preset: SettingValue.Kind? = nil, _ more: (inout SettingSpec) -> Void = { _ in }
) -> SettingSpec {
    var spec = SettingSpec()
    spec.name = name
    spec.label = name.prefix(1).uppercased() + name.dropFirst().map { $0 == "_" ? " " : $0 }
    spec.type = type
    spec.required = required
    spec.secret = secret
    spec.defaultValue = preset.map { SettingValue($0) }
    more(&spec)
    return spec
}

/// A connection as the daemon would show it.
let sampleConnection = CausewayMessages.Connection.with {
    $0.name = "connections/crm"
    $0.uid = "018f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5b"
    $0.displayName = "CRM"
    $0.integration = "integrations/sftp"
    $0.direction = .inbound
    $0.signInMethod = "password"
    $0.settings = [
        "host": SettingValue(.text("sftp.example.com")), "port": SettingValue(.integer(2222)),
        "username": SettingValue(.text("acme")),
        "host_key_fingerprint": SettingValue(.texts(.with { $0.values = ["SHA256:abc"] })),
    ]
    $0.entities = [
        .with {
            $0.entity = "customers"
            $0.settings = [
                "folder": SettingValue(.text("/in")), "primary_key": SettingValue(.texts(.with { $0.values = ["id"] })),
                "header": SettingValue(.boolean(true)),
            ]
        }
    ]
    $0.schedule = .with {
        $0.kind = .daily(
            .with {
                $0.hour = 2
                $0.minute = 30
                $0.timeZone = "Europe/Paris"
            })
        $0.catchUp = .runOnce
    }
    $0.state = .active
    $0.etag = "e1"
    $0.credentialNames = ["password"]
    $0.nextRunTime = time(1_795_484_000)
}

func time(_ seconds: Int64) -> ProtoTimestamp { .with { $0.seconds = seconds } }
