extension Duration {
    /// Whole microseconds, rounded towards zero.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }

    /// Whole seconds, rounded towards zero.
    package var wholeSeconds: Int64 { components.seconds }

    /// Reads "90s", "15m", "2h", "7d", "250ms", and sums of them such as "1h30m"; a number alone is seconds.
    package init?(text: some StringProtocol) {
        guard !text.isEmpty else { return nil }
        if let seconds = Int64(text) {
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), seconds <= Self.greatestSeconds else { return nil }
            self = .seconds(seconds)
            return
        }
        var total = Int64(0)
        var rest = Substring(text)
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Int64(digits), let millis = Self.unitMilliseconds[String(unit)] else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: millis)
            guard !overflow, product <= Self.greatestSeconds * 1_000 else { return nil }
            total += product
            guard total <= Self.greatestSeconds * 1_000 else { return nil }
        }
        self = .milliseconds(total)
    }

    /// The shortest text that ``init(text:)`` reads as the same length, to the millisecond: "1h30m", "0s".
    package var text: String {
        var rest = milliseconds
        guard rest > 0 else { return "0s" }
        var text = ""
        for (unit, millis) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
            as [(String, Int64)]
        where rest >= millis {
            text += "\(rest / millis)\(unit)"
            rest %= millis
        }
        return text
    }

    private static let greatestSeconds: Int64 = 100 * 366 * 86_400
    private static let unitMilliseconds: [String: Int64] = [
        "ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]
}
