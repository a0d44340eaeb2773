import CausewayCore

/// Numbers as people read them. Counts are grouped by commas; sizes are powers of 1000.
enum Wording {
    /// "1,234,567".
    static func count(_ number: Int64) -> String {
        let digits = String(number.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.utf8.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (number < 0 ? "-" : "") + result
    }

    /// "1 row", "2,000 rows".
    static func count(_ number: Int64, _ singular: String, _ plural: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? singular : plural ?? singular + "s")"
    }

    /// "812 B", "4.1 kB", "27.0 MB".
    static func bytes(_ number: Int64) -> String {
        guard number >= 1_000 else { return "\(number) B" }
        var tenths = number / 100
        var unit = 0
        while tenths >= 10_000, unit < units.count - 1 {
            tenths /= 1_000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// "0 %", "12.5 %", "< 0.1 %", "> 99.9 %": never rounded to all or nothing.
    ///
    /// - Parameter aligned: always with a digit behind the point, for columns of shares.
    static func share(_ share: Double, aligned: Bool = false) -> String {
        guard share.isFinite else { return "–" }
        let tenths = Int64((min(max(share, 0), 1) * 1_000).rounded())
        if share > 0, tenths == 0 { return "< 0.1 %" }
        if share < 1, tenths == 1_000 { return "> 99.9 %" }
        return tenths % 10 == 0 && !aligned ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    /// "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "4 d 3 h".
    static func duration(_ duration: Duration) -> String {
        let millis = max(0, duration.milliseconds)
        let seconds = millis / 1_000
        switch seconds {
        case 0..<10: return "\(seconds).\(millis / 100 % 10) s"
        case 10..<60: return "\(seconds) s"
        case 60..<3_600: return join(seconds / 60, "min", seconds % 60, "s")
        case 3_600..<86_400: return join(seconds / 3_600, "h", seconds / 60 % 60, "min")
        default: return join(seconds / 86_400, "d", seconds / 3_600 % 24, "h")
        }
    }

    /// "1:05", "2:05:09": for what changes while it is looked at.
    static func clock(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeSeconds)
        let tail =
            "\(seconds / 60 % 60 < 10 && seconds >= 3_600 ? "0" : "")\(seconds / 60 % 60):"
            + "\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
        return seconds >= 3_600 ? "\(seconds / 3_600):\(tail)" : tail
    }

    /// "just now", "3 min ago", "in 2 h 5 min".
    static func relative(_ time: Timestamp, to now: Timestamp) -> String {
        let micros = time.micros.subtractingReportingOverflow(now.micros)
        guard !micros.overflow else { return "–" }
        let distance = Duration.microseconds(
            micros.partialValue.magnitude > 1 << 62 ? 1 << 62 : abs(micros.partialValue))
        if distance < .seconds(1) { return "now" }
        let text = distance < .seconds(10) ? "\(distance.wholeSeconds) s" : duration(distance)
        return micros.partialValue < 0 ? "\(text) ago" : "in \(text)"
    }

    private static let units = ["kB", "MB", "GB", "TB", "PB", "EB"]

    private static func join(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(smallUnit)"
    }
}
