/// Makes labels that are unique and never empty from what stands in a file's first row.
enum HeaderLabels {
    /// Most bytes of a label.
    static let maximumBytes = 256

    static func labels(_ cells: [String]) -> [String] {
        var labels = cells.enumerated().map { index, cell in
            let label = clean(cell)
            return label.isEmpty ? "column_\(index + 1)" : label
        }
        var taken = Set<String>()
        let given = Set(labels)
        for index in labels.indices where !taken.insert(labels[index]).inserted {
            var number = 2
            while given.contains("\(labels[index])_\(number)") || taken.contains("\(labels[index])_\(number)") {
                number += 1
            }
            labels[index] = "\(labels[index])_\(number)"
            taken.insert(labels[index])
        }
        return labels
    }

    /// Labels where a file has none.
    static func numbered(_ count: Int) -> [String] {
        (0..<count).map { "column_\($0 + 1)" }
    }

    /// Without white space around it and control characters in it, cut at ``maximumBytes``.
    private static func clean(_ cell: String) -> String {
        var scalars = String.UnicodeScalarView()
        var bytes = 0
        for scalar in cell.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let kept = isControl ? " " : scalar
            if kept.properties.isWhitespace, scalars.isEmpty { continue }
            bytes += UTF8.width(kept)
            if bytes > maximumBytes { break }
            scalars.append(kept)
        }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }
}

extension HeaderLabels {
    /// Whether cells taken for labels look like values: a number, date or boolean among them.
    static func lookLikeData(_ cells: [String]) -> Bool {
        cells.contains { cell in
            var cell = cell
            let candidates = cell.withUTF8 { TypeCandidates.all.kept(by: UnsafeRawBufferPointer($0)) }
            return !candidates.isEmpty
        }
    }
}
