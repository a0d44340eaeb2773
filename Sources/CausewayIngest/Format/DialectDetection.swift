/// Tells delimiter and quote from a sample of the text.
enum DialectDetection {
    private static let delimiters: [UInt8] = [",", ";", "\t", "|"].map { UInt8(ascii: $0) }
    private static let rowsLookedAt = 200

    /// - Parameters:
    ///   - isWhole: the sample is all of the text; otherwise its last row is left out.
    static func dialect(_ sample: ArraySlice<UInt8>, isWhole: Bool, options: FileFormatOptions) -> Dialect {
        let quotes: [UInt8?] =
            switch options.quote {
            case nil: [UInt8(ascii: "\""), UInt8(ascii: "'")]
            case .some(.none): [nil]
            case .byte(let quote): [quote]
            }
        let candidates =
            options.delimiter.map { [$0] } ?? delimiters.filter { $0 != options.escape && $0 != options.comment }
        let sample = sample[lineStart(sample, after: options.skipRows)...]
        func dialect(_ delimiter: UInt8, _ quote: UInt8?) -> Dialect {
            Dialect(delimiter: delimiter, quote: quote, escape: options.escape, comment: options.comment)
        }
        var best = dialect(candidates[0], quotes[0])
        var bestScore = -1.0
        for quote in quotes {
            for delimiter in candidates where delimiter != quote && (quote == nil || quote != options.comment) {
                let dialect = dialect(delimiter, quote)
                let shape = Shape(sample, dialect, isWhole: isWhole)
                // The unusual quote must be seen around values to be believed.
                if quote == UInt8(ascii: "'"), options.quote == nil, !shape.isQuoteProved { continue }
                let score = shape.score + (quote == UInt8(ascii: "'") ? 0.01 : 0)
                if score > bestScore { (best, bestScore) = (dialect, score) }
            }
        }
        return best
    }

    /// Where the line behind the first `count` lines begins.
    private static func lineStart(_ sample: ArraySlice<UInt8>, after count: Int) -> Int {
        var at = sample.startIndex
        for _ in 0..<max(count, 0) {
            guard let end = sample[at...].firstIndex(where: Byte.isLineEnd) else { return sample.endIndex }
            let isPair = sample[end] == Byte.carriageReturn && end + 1 < sample.endIndex
            at = isPair && sample[end + 1] == Byte.lineFeed ? end + 2 : end + 1
        }
        return at
    }

    /// How the sample looks when read with one dialect.
    private struct Shape {
        private var valueCounts: [Int] = []
        private var quotedValues = 0
        private var brokenQuotes = 0

        /// The share of rows with the commonest number of values, where that is two or more; more for more values.
        var score: Double {
            var rowsOf: [Int: Int] = [:]
            for count in valueCounts { rowsOf[count, default: 0] += 1 }
            let broken = Double(brokenQuotes) / Double(quotedValues + brokenQuotes + 1)
            guard let common = rowsOf.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), common.key > 1 else {
                return -broken
            }
            let share = Double(common.value) / Double(valueCounts.count)
            return share - broken + Double(min(common.key, 100)) / 1_000
        }

        var isQuoteProved: Bool { quotedValues >= 2 && brokenQuotes == 0 }

        init(_ sample: ArraySlice<UInt8>, _ dialect: Dialect, isWhole: Bool) {
            var at = sample.startIndex
            while at < sample.endIndex, valueCounts.count < DialectDetection.rowsLookedAt {
                if sample[at] == dialect.comment {
                    at = sample[at...].firstIndex(where: Byte.isLineEnd).map { $0 + 1 } ?? sample.endIndex
                    continue
                }
                var values = 1
                let start = at
                var isEnded = false
                var valueStart = at
                while at < sample.endIndex, !isEnded {
                    let byte = sample[at]
                    if byte == dialect.quote, at == valueStart {
                        at = skipQuoted(sample, from: at, dialect)
                    } else if byte == dialect.delimiter {
                        values += 1
                        at += 1
                        valueStart = at
                    } else {
                        isEnded = Byte.isLineEnd(byte)
                        at += 1
                    }
                }
                let isBlank = at - start <= 1 && isEnded
                if !isBlank, isEnded || isWhole { valueCounts.append(values) }
            }
        }

        /// The first byte behind the quoted value that opens at `open`.
        private mutating func skipQuoted(_ sample: ArraySlice<UInt8>, from open: Int, _ dialect: Dialect) -> Int {
            var at = open + 1
            while at < sample.endIndex {
                if sample[at] == dialect.escape, at + 1 < sample.endIndex,
                    sample[at + 1] == dialect.quote || sample[at + 1] == dialect.escape
                {
                    at += 2
                    continue
                }
                guard sample[at] == dialect.quote else {
                    at += 1
                    continue
                }
                at += 1
                guard at < sample.endIndex else { break }
                if sample[at] == dialect.quote, dialect.escape == nil {
                    at += 1
                    continue
                }
                let isProper = sample[at] == dialect.delimiter || Byte.isLineEnd(sample[at])
                quotedValues += isProper ? 1 : 0
                brokenQuotes += isProper ? 0 : 1
                return at
            }
            return at
        }
    }
}
