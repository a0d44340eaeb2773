import CausewayCore
@preconcurrency import Glibc

/// Questions to whoever sits at the terminal. Without a terminal nothing is asked.
struct Prompt: Sendable {
    /// Whether questions can be asked.
    let isPossible: Bool
    private let show: @Sendable (String) -> Void
    private let read: @Sendable (_ echo: Bool) throws -> [UInt8]?

    init(
        isPossible: Bool, show: @escaping @Sendable (String) -> Void,
        read: @escaping @Sendable (_ echo: Bool) throws -> [UInt8]?
    ) {
        self.isPossible = isPossible
        self.show = show
        self.read = read
    }

    /// The terminal's, if stdin and stderr are one.
    static func terminal(_ console: Console) -> Prompt {
        Prompt(isPossible: isatty(STDIN_FILENO) == 1 && console.err.isTerminal) { text in
            console.display(text)
        } read: { echo in
            try TerminalInput.readLine(echo: echo)
        }
    }

    /// The same, or one that asks nothing.
    func unless(_ isForbidden: Bool) -> Prompt {
        Prompt(isPossible: isPossible && !isForbidden, show: show, read: read)
    }

    /// Shows lines before a question.
    func say(_ lines: String...) { for line in lines { show(Escaping.line(line) + "\n") } }

    /// Asks for a text; an empty answer takes the default, without a default an empty text.
    func text(_ question: String, default preset: String? = nil) throws -> String {
        let suggestion = preset.map { $0.isEmpty ? "" : " [\($0)]" } ?? ""
        show(Escaping.line("\(question)\(suggestion): "))
        let line = try line(echo: true)
        let answer = String(decoding: line, as: UTF8.self).trimmingSpaces()
        return answer.isEmpty ? preset ?? "" : answer
    }

    /// Asks until `check` takes the answer; what it refuses is shown and asked again.
    func value<T>(_ question: String, default preset: String? = nil, check: (String) throws -> T) throws -> T {
        while true {
            let answer = try text(question, default: preset)
            do {
                return try check(answer)
            } catch let failure as Failure where failure.status != .interrupted {
                say("  " + failure.message)
            }
        }
    }

    /// Asks for a secret without showing it. An answer "@PATH" reads the file.
    func secret(_ question: String) throws -> Secret {
        show(Escaping.line("\(question) (not shown; @PATH reads a file): "))
        let line = try line(echo: false)
        guard line.first == UInt8(ascii: "@"), line.count > 1 else { return Secret(line) }
        return try SecretSource.file(String(decoding: line.dropFirst(), as: UTF8.self)).read()
    }

    /// Asks for one of numbered choices, by its number or its name.
    func choice(_ question: String, _ choices: [(id: String, title: String)], default preset: String?) throws -> String
    {
        for (index, choice) in choices.enumerated() {
            let title = choice.title.isEmpty || choice.title == choice.id ? "" : "  \(choice.title)"
            say("  \(index + 1)) \(choice.id)\(title)")
        }
        return try value(question, default: preset) { answer in
            if let number = Int(answer), choices.indices.contains(number - 1) { return choices[number - 1].id }
            if choices.contains(where: { $0.id == answer }) { return answer }
            throw Failure.usage("Answer with a number from 1 to \(choices.count).")
        }
    }

    /// Asks for yes or no.
    func confirm(_ question: String, default preset: Bool = false) throws -> Bool {
        try value("\(question) \(preset ? "[Y/n]" : "[y/N]")") { answer in
            switch answer.lowercased() {
            case "": preset
            case "y", "yes": true
            case "n", "no": false
            default: throw Failure.usage("Answer with yes or no.")
            }
        }
    }

    /// Reads an answer; what ends the command instead begins on a line of its own.
    private func line(echo: Bool) throws -> [UInt8] {
        do {
            if let line = try read(echo) { return line }
        } catch {
            show("\n")
            throw error
        }
        show("\n")
        throw Self.ended
    }

    private static let ended = Failure(.interrupted, "No answer was given; nothing was done.")
}
