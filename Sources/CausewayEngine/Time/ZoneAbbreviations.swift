import Glibc

/// How people call the offsets of a zone ("CEST"): Foundation only says "GMT+2".
///
/// Read from the system's zone files (TZif, RFC 8536) where there are any. They name offsets and nothing else, so that
/// schedules do not depend on them.
struct ZoneAbbreviations {
    private let types: [(offset: Int, abbreviation: String)]
    private let transitions: [(second: Int64, type: Int)]

    /// Nil when the system has no such file, or not a good one.
    ///
    /// - Parameter zone: a name that is known to be a zone's.
    init?(zone: String, folder: String = "/usr/share/zoneinfo") {
        guard !zone.split(separator: "/", omittingEmptySubsequences: false).contains(where: { $0.hasPrefix(".") }),
            let bytes = Self.contents(of: "\(folder)/\(zone)")
        else { return nil }
        self.init(bytes)
    }

    /// Nil unless `bytes` is a TZif file of version 2 or later.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes[...])
        // A first block with 32-bit times, then the same with 64-bit times.
        guard let old = reader.header(), old.version >= UInt8(ascii: "2"),
            reader.skip(old.bodyCount(timeSize: 4)), let header = reader.header(),
            let times = reader.take(header.transitions * 8), let indices = reader.take(header.transitions),
            let infos = reader.take(header.types * 6), let names = reader.take(header.names)
        else { return nil }

        var types: [(Int, String)] = []
        for start in stride(from: infos.startIndex, to: infos.endIndex, by: 6) {
            let offset = Int32(bitPattern: UInt32(truncatingIfNeeded: number(infos[start..<start + 4])))
            let name = names.dropFirst(Int(infos[start + 5])).prefix { $0 != 0 }
            guard (1...8).contains(name.count), name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            types.append((Int(offset), String(decoding: name, as: UTF8.self)))
        }
        self.types = types

        var transitions: [(Int64, Int)] = []
        for (index, type) in indices.enumerated() {
            guard Int(type) < types.count else { return nil }
            let start = times.startIndex + index * 8
            transitions.append((Int64(bitPattern: number(times[start..<start + 8])), Int(type)))
        }
        self.transitions = transitions
    }

    /// What `offset` was last called at or before `second`; nil when it never had a name, or only digits.
    func abbreviation(offset: Int, at second: Int64) -> String? {
        let last = transitions.last { $0.second <= second && types[$0.type].offset == offset }
        let name = last.map { types[$0.type].abbreviation } ?? types.first { $0.offset == offset }?.abbreviation
        guard let name, name.utf8.contains(where: { $0 >= UInt8(ascii: "A") }) else { return nil }
        return name
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let limit = 65_536
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit {
                let got = read(descriptor, buffer.baseAddress?.advanced(by: count), limit - count)
                guard got > 0 else { break }
                count += got
            }
        }
        return bytes.count < limit ? bytes : nil
    }
}

private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    mutating func header() -> Header? {
        guard let magic = take(4), magic.elementsEqual("TZif".utf8), let version = take(1)?.first, skip(15),
            let counts = take(24)
        else { return nil }
        let numbers = stride(from: counts.startIndex, to: counts.endIndex, by: 4).map {
            Int(number(counts[$0..<$0 + 4]))
        }
        return Header(
            version: version, universal: numbers[0], standard: numbers[1], leaps: numbers[2],
            transitions: numbers[3], types: numbers[4], names: numbers[5])
    }
}

/// The header of a TZif block: counts of what follows. Each has 32 bits, so that sums and products fit.
private struct Header {
    var version: UInt8
    var universal: Int
    var standard: Int
    var leaps: Int
    var transitions: Int
    var types: Int
    var names: Int

    func bodyCount(timeSize: Int) -> Int {
        transitions * (timeSize + 1) + types * 6 + names + leaps * (timeSize + 4) + standard + universal
    }
}
