import CausewayCore
import Glibc

/// Reads the text of a setting. Each throws ``InvalidValue``, whose text ends the sentence "KEY …".
enum ConfigurationValue {
    static func path(_ text: String) throws(InvalidValue) -> String {
        guard text.hasPrefix("/") else { throw InvalidValue("must be an absolute path") }
        guard text.utf8.count < Int(PATH_MAX), !text.utf8.contains(0) else { throw InvalidValue("is no path") }
        var path = text
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    static func socketPath(_ text: String) throws(InvalidValue) -> String {
        let path = try path(text)
        // sockaddr_un has 108 bytes, one of them for the NUL, unix(7).
        guard path.utf8.count <= 107 else { throw InvalidValue("must have 107 bytes at most") }
        return path
    }

    static func number<T: FixedWidthInteger>(_ text: String, in range: ClosedRange<T>) throws(InvalidValue) -> T {
        guard !text.hasPrefix("+"), let number = T(text), range.contains(number) else {
            throw InvalidValue("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func mode(_ text: String) throws(InvalidValue) -> UInt32 {
        guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8),
            [0o600, 0o660, 0o666].contains(mode)
        else { throw InvalidValue("must be 0600, 0660 or 0666") }
        return mode
    }

    static func choice<T: RawRepresentable & CaseIterable>(
        _ text: String, of type: T.Type
    ) throws(InvalidValue) -> T where T.RawValue == String {
        guard let value = T(rawValue: text) else {
            throw InvalidValue("must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    static func duration(_ text: String, in range: ClosedRange<Duration>) throws(InvalidValue) -> Duration {
        guard let duration = Duration(text: text), range.contains(duration) else {
            throw InvalidValue(
                "must be a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as 90s or 10m")
        }
        return duration
    }

    /// "512", "64KiB", "100MiB", "1GiB", "2TiB".
    static func bytes(_ text: String) throws(InvalidValue) -> UInt64 {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let units: [String: UInt64] = ["": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        guard let number = UInt64(digits), let unit = units[String(text.dropFirst(digits.count))],
            case let (product, overflow) = number.multipliedReportingOverflow(by: unit), !overflow
        else { throw InvalidValue("must be a number of bytes such as 512MiB or 1GiB") }
        return product
    }

    static func bytesText(_ bytes: UInt64) -> String {
        for (unit, size) in [("TiB", UInt64(1) << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return "\(bytes)"
    }

    /// "uid:1000, gid:1000, user:ann, group:staff", by comma or space.
    static func principals(_ text: String) throws(InvalidValue) -> Principals {
        var principals = Principals()
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw InvalidValue("must list uid:N, gid:N, user:NAME or group:NAME, not \"\(word.prefix(64))\"")
            }
            switch parts[0] {
            case "uid": principals.uids.insert(try number(parts[1], in: 0...UInt32.max - 1))
            case "gid": principals.gids.insert(try number(parts[1], in: 0...UInt32.max - 1))
            case "user":
                guard let uid = userID(parts[1]) else {
                    throw InvalidValue("names the user \"\(parts[1].prefix(64))\", who is not known here")
                }
                principals.uids.insert(uid)
            case "group":
                guard let gid = groupID(parts[1]) else {
                    throw InvalidValue("names the group \"\(parts[1].prefix(64))\", which is not known here")
                }
                principals.gids.insert(gid)
            default:
                throw InvalidValue("must list uid:N, gid:N, user:NAME or group:NAME, not \"\(word.prefix(64))\"")
            }
        }
        return principals
    }

    static func principalsText(_ principals: Principals) -> String {
        (principals.uids.sorted().map { "uid:\($0)" } + principals.gids.sorted().map { "gid:\($0)" })
            .joined(separator: ", ")
    }

    private static func userID(_ name: String) -> UInt32? {
        var entry = passwd()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var found: UnsafeMutablePointer<passwd>?
            return getpwnam_r(name, &entry, base, buffer.count, &found) == 0 ? found?.pointee.pw_uid : nil
        }
    }

    private static func groupID(_ name: String) -> UInt32? {
        var entry = group()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var found: UnsafeMutablePointer<group>?
            return getgrnam_r(name, &entry, base, buffer.count, &found) == 0 ? found?.pointee.gr_gid : nil
        }
    }
}

/// What is wrong with a value; ends the sentence "KEY …".
struct InvalidValue: Error {
    let text: String
    init(_ text: String) { self.text = text }
}
