import CausewayCore

/// What the first bytes of a file tell.
enum ContentDetection {
    /// Bytes that all compressions are known by.
    static let magicLength = 10

    /// How a file that begins with `start` is packed.
    ///
    /// - Throws: `failedPrecondition` for a packing that is known and cannot be read.
    static func compression(_ start: ArraySlice<UInt8>) throws(CausewayError) -> Compression {
        if start.starts(with: [0x1F, 0x8B]) { return .gzip }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
        let unreadable: [(name: String, magic: [UInt8])] = [
            ("zip (or a spreadsheet)", [0x50, 0x4B, 0x03, 0x04]),
            ("bzip2", [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
            ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
            ("lz4", [0x04, 0x22, 0x4D, 0x18]),
            ("7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
            ("Parquet", [0x50, 0x41, 0x52, 0x31]),
        ]
        if let format = unreadable.first(where: { start.starts(with: $0.magic) }) {
            throw CausewayError(
                .failedPrecondition, reason: "UNSUPPORTED_FILE_FORMAT",
                "The file is \(format.name), which cannot be read; gzip, zstd and plain text can.",
                metadata: ["format": format.name])
        }
        return .none
    }

    /// The encoding of a content that begins with `sample`, and the length of its byte order mark.
    static func encoding(
        _ sample: ArraySlice<UInt8>, option: FileFormatOptions.EncodingOption?
    ) throws(CausewayError) -> (encoding: TextEncoding, mark: Int) {
        let marked = mark(sample)
        switch option {
        case .fixed(let encoding): return (encoding, marked.map { $0.encoding == encoding ? $0.mark : 0 } ?? 0)
        case .utf16:
            if let marked, marked.encoding != .utf8 { return marked }
            return (utf16WithoutMark(sample) ?? .utf16LittleEndian, 0)
        case nil: break
        }
        if sample.starts(with: [0xFF, 0xFE, 0, 0]) || sample.starts(with: [0, 0, 0xFE, 0xFF]) {
            throw CausewayError(
                .failedPrecondition, reason: "UNSUPPORTED_ENCODING",
                "The file is UTF-32, which cannot be read; have it written as UTF-8.", metadata: ["encoding": "utf-32"])
        }
        return marked ?? (utf16WithoutMark(sample) ?? .utf8, 0)
    }

    private static func mark(_ sample: ArraySlice<UInt8>) -> (encoding: TextEncoding, mark: Int)? {
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if sample.starts(with: [0xFF, 0xFE]) { return (.utf16LittleEndian, 2) }
        if sample.starts(with: [0xFE, 0xFF]) { return (.utf16BigEndian, 2) }
        return nil
    }

    /// UTF-16 of mostly ASCII text: nearly every second byte is NUL, and hardly any other one.
    private static func utf16WithoutMark(_ sample: ArraySlice<UInt8>) -> TextEncoding? {
        let pairs = sample.count / 2
        guard pairs >= 2 else { return nil }
        var first = 0
        var second = 0
        for (index, byte) in sample.enumerated() where byte == 0 {
            if index % 2 == 0 { first += 1 } else { second += 1 }
        }
        if second * 10 >= pairs * 4, first * 20 <= pairs { return .utf16LittleEndian }
        if first * 10 >= pairs * 4, second * 20 <= pairs { return .utf16BigEndian }
        return nil
    }
}
