package import CausewayCore

/// A pattern of file names, as shells have them: `*` stands for any characters, `?` for one, `[a-z]` for one of these
/// and `[!a-z]` for one that is not, `{a,b}` for either; a backslash takes a character's meaning away.
///
/// It is matched against a name without its folder, character by character as Unicode has them, in a time that is at
/// most the product of both lengths for each alternative.
package struct GlobPattern: Hashable, Sendable, CustomStringConvertible {
    /// Characters of a pattern.
    package static let greatestLength = 512
    /// Patterns that its braces may stand for together.
    package static let mostAlternatives = 128

    package let description: String
    private let alternatives: [Alternative]

    private enum Token: Hashable, Sendable {
        case literal(Unicode.Scalar)
        case any
        case one
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private struct Alternative: Hashable, Sendable {
        var tokens: [Token]

        /// Whether it says by itself that it means files that are hidden or still being written.
        var namesUnfinished: Bool {
            if tokens.first == .literal(".") { return true }
            return FileNames.temporarySuffixes.contains { suffix in
                tokens.suffix(suffix.unicodeScalars.count).elementsEqual(suffix.unicodeScalars.map { .literal($0) })
            }
        }
    }

    /// - Throws: ``CausewayError`` (invalid argument) for brackets or braces without an end, and what is too long.
    package init(_ text: String) throws(CausewayError) {
        description = text
        guard (1...Self.greatestLength).contains(text.unicodeScalars.count) else {
            throw .invalid("pattern", "must have 1 to \(Self.greatestLength) characters.")
        }
        guard !text.unicodeScalars.contains("/") else {
            throw .invalid("pattern", "matches the name alone; put the folder into \"folder\".")
        }
        alternatives = try Self.expand(Array(text.unicodeScalars)).map { scalars throws(CausewayError) in
            Alternative(tokens: try Self.tokens(scalars))
        }
    }

    /// Whether any of its alternatives means files that are hidden or still being written, see
    /// ``FileNames/looksUnfinished(_:)``.
    package var namesUnfinished: Bool { alternatives.contains(where: \.namesUnfinished) }

    package func matches(_ name: some StringProtocol) -> Bool {
        let scalars = Array(name.unicodeScalars)
        return alternatives.contains { Self.match($0.tokens, scalars) }
    }

    /// Whether `name` matches, and is not hidden or still being written unless the pattern names such files.
    package func selects(_ name: some StringProtocol) -> Bool {
        let scalars = Array(name.unicodeScalars)
        let isUnfinished = FileNames.looksUnfinished(name)
        return alternatives.contains { (!isUnfinished || $0.namesUnfinished) && Self.match($0.tokens, scalars) }
    }

    private static func match(_ tokens: [Token], _ name: [Unicode.Scalar]) -> Bool {
        var token = 0
        var at = 0
        // Where to go on when what came after the last star does not fit: one character further.
        var star: (token: Int, at: Int)?
        while at < name.count {
            if token < tokens.count, tokens[token] == .any {
                star = (token, at)
                token += 1
            } else if token < tokens.count, fits(tokens[token], name[at]) {
                token += 1
                at += 1
            } else if let last = star {
                star = (last.token, last.at + 1)
                token = last.token + 1
                at = last.at + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .any }
    }

    private static func fits(_ token: Token, _ scalar: Unicode.Scalar) -> Bool {
        switch token {
        case .literal(let wanted): wanted == scalar
        case .one: true
        case .any: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    // MARK: Reading

    /// What the first brace stands for, and so on until there are none.
    private static func expand(_ text: [Unicode.Scalar]) throws(CausewayError) -> [[Unicode.Scalar]] {
        var done: [[Unicode.Scalar]] = []
        var waiting = [text]
        while let next = waiting.popLast() {
            guard let brace = try firstBrace(next) else {
                done.append(next)
                continue
            }
            for choice in brace.choices.reversed() {
                waiting.append(Array(next[..<brace.range.lowerBound]) + choice + next[brace.range.upperBound...])
            }
            guard done.count + waiting.count <= mostAlternatives else {
                throw .invalid("pattern", "its braces stand for more than \(mostAlternatives) patterns.")
            }
        }
        return done
    }

    private static func firstBrace(
        _ text: [Unicode.Scalar]
    ) throws(CausewayError) -> (range: Range<Int>, choices: [ArraySlice<Unicode.Scalar>])? {
        var start: Int?
        var choiceStart = 0
        var choices: [ArraySlice<Unicode.Scalar>] = []
        var depth = 0
        var index = 0
        while index < text.count {
            switch text[index] {
            case "\\": index += 1
            case "[" where start == nil: index = endOfSet(text, index) ?? index
            case "{":
                depth += 1
                if depth == 1 {
                    start = index
                    choiceStart = index + 1
                }
            case "," where depth == 1:
                choices.append(text[choiceStart..<index])
                choiceStart = index + 1
            case "}" where depth > 0:
                depth -= 1
                if depth == 0, let start {
                    return (start..<index + 1, choices + [text[choiceStart..<index]])
                }
            default: break
            }
            index += 1
        }
        guard start == nil else { throw .invalid("pattern", "a \"{\" has no \"}\".") }
        return nil
    }

    private static func tokens(_ text: [Unicode.Scalar]) throws(CausewayError) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case "*":
                if tokens.last != .any { tokens.append(.any) }
            case "?": tokens.append(.one)
            case "[":
                guard let end = endOfSet(text, index) else { throw .invalid("pattern", "a \"[\" has no \"]\".") }
                tokens.append(try set(text[(index + 1)..<end]))
                index = end
            case "\\":
                index += 1
                guard index < text.count else { throw .invalid("pattern", "it ends with a backslash.") }
                tokens.append(.literal(text[index]))
            case let scalar: tokens.append(.literal(scalar))
            }
            index += 1
        }
        return tokens
    }

    /// Where the "]" is that ends the set beginning at `start`; one in the first place stands for itself.
    private static func endOfSet(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        var index = start + 1
        if index < text.count, text[index] == "!" || text[index] == "^" { index += 1 }
        if index < text.count { index += 1 }
        while index < text.count {
            if text[index] == "]" { return index }
            index += 1
        }
        return nil
    }

    private static func set(_ text: ArraySlice<Unicode.Scalar>) throws(CausewayError) -> Token {
        var rest = text
        let isNegated = rest.first == "!" || rest.first == "^"
        if isNegated { rest = rest.dropFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let first = rest.popFirst() {
            var last = first
            if rest.first == "-", rest.count > 1 {
                rest = rest.dropFirst()
                last = rest.removeFirst()
            }
            guard first <= last else { throw .invalid("pattern", "the range \(first)-\(last) is backwards.") }
            ranges.append(first...last)
        }
        return .set(ranges, isNegated: isNegated)
    }
}
