import CScan

/// Goes over JSON text, value by value, and checks it as RFC 8259 wants it. Never recurses.
struct JSONCursor {
    /// Deepest nesting of objects and arrays that is read.
    static let maximumDepth = 64

    /// Why the cursor stands still.
    enum Fault: UInt8 {
        case none
        /// The text ends here, and more of it follows.
        case needsText
        case endOfText
        case value
        case name
        case colon
        case comma
        case number
        case escape
        case control
        case literal
        case trailing
        case tooDeep
    }

    /// What is wrong with a value whose form is right.
    enum Flaw: UInt8 {
        case none
        case invalidUTF8
        case loneSurrogate
        case nul
        case tooManyFields
        case labelTooLong
    }

    let bytes: UnsafeRawPointer
    /// The end of what may be part of the value.
    let limit: Int
    /// The end of what may be looked at, at least `limit`.
    let readable: Int
    /// Nothing follows behind `limit`.
    let isWhole: Bool
    var at: Int
    var fault = Fault.none
    /// The first one.
    var flaw = Flaw.none
    var flawAt = 0
    /// White space was passed inside the value that ``skipValue(depth:)`` last went over.
    var isSpaced = false

    init(_ bytes: UnsafeRawPointer, from start: Int, limit: Int, readable: Int, isWhole: Bool) {
        self.bytes = bytes
        self.limit = limit
        self.readable = readable
        self.isWhole = isWhole
        at = start
    }

    /// The next byte; NUL, which no value begins with, at the end.
    @inline(__always)
    var byte: UInt8 { at < limit ? bytes.load(fromByteOffset: at, as: UInt8.self) : 0 }

    @inline(__always)
    mutating func skipSpace() {
        guard byte <= 0x20 else { return }
        skipSpaces()
    }

    @inline(never)
    private mutating func skipSpaces() {
        while at < limit {
            switch bytes.load(fromByteOffset: at, as: UInt8.self) {
            case 0x20, 0x09, 0x0A, 0x0D: at &+= 1
            default: return
            }
        }
    }

    /// Stops here; always false.
    mutating func fail(_ fault: Fault) -> Bool {
        self.fault = at < limit ? fault : isWhole ? .endOfText : .needsText
        return false
    }

    mutating func note(_ flaw: Flaw, at place: Int) {
        guard self.flaw == .none else { return }
        self.flaw = flaw
        flawAt = place
    }

    // MARK: Strings

    /// Goes over the string that begins here, which must be a quote.
    ///
    /// - Parameter isRaw: it is kept as it is written, so that its escapes need to make no text.
    /// - Returns: whether it is one; `hasEscapes` says whether it holds any.
    @inline(__always)
    mutating func skipString(isRaw: Bool, hasEscapes: inout Bool) -> Bool {
        let start = at &+ 1
        let plain = cscan_json_plain(bytes.assumingMemoryBound(to: UInt8.self), start, readable)
        if plain.has_upper != 0 { checkUTF8(start, min(plain.end, limit)) }
        if plain.end < limit, bytes.load(fromByteOffset: plain.end, as: UInt8.self) == JSONByte.quote {
            at = plain.end &+ 1
            return true
        }
        hasEscapes = true
        return skipEscapedString(from: plain.end, isRaw: isRaw)
    }

    @inline(never)
    private mutating func skipEscapedString(from stop: Int, isRaw: Bool) -> Bool {
        at = stop
        while at < limit {
            switch byte {
            case JSONByte.quote:
                at &+= 1
                return true
            case JSONByte.backslash:
                guard skipEscape(isRaw: isRaw) else { return false }
            default: return fail(.control)
            }
            let plain = cscan_json_plain(bytes.assumingMemoryBound(to: UInt8.self), at, readable)
            if plain.has_upper != 0 { checkUTF8(at, min(plain.end, limit)) }
            at = plain.end
        }
        at = limit
        return fail(.control)
    }

    private mutating func skipEscape(isRaw: Bool) -> Bool {
        let start = at
        at &+= 1
        switch byte {
        case UInt8(ascii: "u"): break
        case JSONByte.quote, JSONByte.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at &+= 1
            return true
        default: return fail(.escape)
        }
        at &+= 1
        guard let unit = unit() else { return fail(.escape) }
        guard !isRaw else { return true }
        if unit == 0 { note(.nul, at: start) }
        guard unit & 0xF800 == 0xD800 else { return true }
        guard unit < 0xDC00 else {
            note(.loneSurrogate, at: start)
            return true
        }
        // The other half must follow at once.
        guard at < limit else { return fail(.escape) }
        guard byte == JSONByte.backslash else {
            note(.loneSurrogate, at: start)
            return true
        }
        let second = at
        at &+= 1
        guard byte == UInt8(ascii: "u") else {
            if at >= limit { return fail(.escape) }
            note(.loneSurrogate, at: start)
            at = second
            return true
        }
        at &+= 1
        guard let low = self.unit() else { return fail(.escape) }
        if !(0xDC00...0xDFFF).contains(low) {
            note(.loneSurrogate, at: start)
            at = second
        }
        return true
    }

    /// Four hexadecimal digits.
    private mutating func unit() -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = JSONByte.hexDigit(byte) else { return nil }
            unit = unit << 4 | digit
            at &+= 1
        }
        return unit
    }

    @inline(never)
    private mutating func checkUTF8(_ start: Int, _ end: Int) {
        // What is cut at the limit is looked at again when the rest is there, or belongs to no value.
        if let invalid = UTF8Check.firstInvalid(bytes, from: start, to: end) { note(.invalidUTF8, at: invalid) }
    }

    // MARK: Numbers and words

    /// Goes over the number that begins here, with "-" or a digit.
    @inline(__always)
    mutating func skipNumber() -> Bool {
        if byte == UInt8(ascii: "-") { at &+= 1 }
        if byte == UInt8(ascii: "0") {
            at &+= 1
        } else {
            guard skipDigits() else { return fail(.number) }
        }
        if byte == UInt8(ascii: ".") {
            at &+= 1
            guard skipDigits() else { return fail(.number) }
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at &+= 1 }
            guard skipDigits() else { return fail(.number) }
        }
        guard at < limit || isWhole else { return fail(.number) }
        return true
    }

    @inline(__always)
    private mutating func skipDigits() -> Bool {
        let start = at
        while byte &- 0x30 < 10 { at &+= 1 }
        return at > start
    }

    /// Goes over "true", "false" or "null".
    mutating func skipWord() -> Bool {
        let word: StaticString
        switch byte {
        case UInt8(ascii: "t"): word = "true"
        case UInt8(ascii: "f"): word = "false"
        case UInt8(ascii: "n"): word = "null"
        default: return fail(.value)
        }
        let letters = word.utf8Start
        for index in 0..<word.utf8CodeUnitCount {
            guard byte == letters[index] else { return fail(.literal) }
            at &+= 1
        }
        return true
    }

    // MARK: Any value

    /// Goes over the value that begins here, whatever it is.
    ///
    /// - Parameter outer: objects and arrays around it.
    mutating func skipValue(depth outer: Int) -> Bool {
        // A bit for each object or array that is open, the innermost lowest: 1 is an object.
        var kinds: UInt64 = 0
        var depth = 0
        var hasEscapes = false
        isSpaced = false
        while true {
            switch byte {
            case JSONByte.quote:
                guard skipString(isRaw: true, hasEscapes: &hasEscapes) else { return false }
            case JSONByte.openBrace, JSONByte.openBracket:
                let isObject = byte == JSONByte.openBrace
                guard outer + depth < Self.maximumDepth else {
                    fault = .tooDeep
                    return false
                }
                at &+= 1
                passSpace()
                guard byte == (isObject ? JSONByte.closeBrace : JSONByte.closeBracket) else {
                    depth += 1
                    kinds = kinds << 1 | (isObject ? 1 : 0)
                    if isObject {
                        guard skipName() else { return false }
                    }
                    continue
                }
                at &+= 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard skipNumber() else { return false }
            default:
                guard skipWord() else { return false }
            }

            var isValueNext = false
            while !isValueNext {
                if depth == 0 { return true }
                passSpace()
                let isObject = kinds & 1 == 1
                if byte == UInt8(ascii: ",") {
                    at &+= 1
                    passSpace()
                    if isObject {
                        guard skipName() else { return false }
                    }
                    isValueNext = true
                } else if byte == (isObject ? JSONByte.closeBrace : JSONByte.closeBracket) {
                    at &+= 1
                    depth -= 1
                    kinds >>= 1
                } else {
                    return fail(.comma)
                }
            }
        }
    }

    /// A name, its colon and the space around that.
    private mutating func skipName() -> Bool {
        guard byte == JSONByte.quote else { return fail(.name) }
        var hasEscapes = false
        guard skipString(isRaw: true, hasEscapes: &hasEscapes) else { return false }
        passSpace()
        guard byte == UInt8(ascii: ":") else { return fail(.colon) }
        at &+= 1
        passSpace()
        return true
    }

    @inline(__always)
    private mutating func passSpace() {
        let start = at
        skipSpace()
        if at != start { isSpaced = true }
    }
}

/// Bytes with a meaning in JSON.
enum JSONByte {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte &- 0x30)
        case 0x41...0x46: UInt32(byte &- 0x37)
        case 0x61...0x66: UInt32(byte &- 0x57)
        default: nil
        }
    }
}
