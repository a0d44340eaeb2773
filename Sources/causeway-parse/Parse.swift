import CausewayCore
import CausewayIngest
import CausewayStore
@preconcurrency import Glibc

/// Reads files as the daemon reads them and prints what came of each as a line of JSON. Not part of the product.
///
/// Each line of the standard input is a path and, behind tabs, settings of the entity as NAME=VALUE.
@main
struct Parse {
    static func main() {
        setvbuf(stdout, nil, _IOFBF, 1 << 20)
        while let line = readLine() {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false)
            var output = JSONText()
            do throws(CausewayError) {
                let options = try options(words.dropFirst())
                try read(try content(String(words[0])), options, into: &output)
            } catch {
                output = JSONText()
                output.object { output in
                    output.member("error")
                    output.string(error.reason.utf8)
                }
            }
            output.bytes.append(UInt8(ascii: "\n"))
            output.bytes.withUnsafeBytes { bytes in _ = fwrite(bytes.baseAddress, 1, bytes.count, stdout) }
        }
        fflush(stdout)
    }

    /// An empty value is a value here, unless NAME=VALUE says otherwise.
    private static func options(_ words: ArraySlice<Substring>) throws(CausewayError) -> FileFormatOptions {
        var settings: Settings = ["null_values": .texts([])]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .invalid("arguments", "\(word) is not NAME=VALUE.") }
            let text = String(parts[1])
            switch parts[0] {
            case "header", "trim_values": settings[String(parts[0])] = .boolean(text == "true")
            case "skip_rows": settings["skip_rows"] = .integer(Int64(text) ?? 0)
            case "null_values": settings["null_values"] = .texts([text])
            default: settings[String(parts[0])] = .text(text)
            }
        }
        return try FileFormatOptions(settings: settings)
    }

    private static func content(_ path: String) throws(CausewayError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw .invalid("path", "\(path) cannot be opened.")
        }
        defer { fclose(file) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { return content }
            content += piece[..<count]
        }
    }

    private static func read(
        _ content: [UInt8], _ options: FileFormatOptions, into output: inout JSONText
    ) throws(CausewayError) {
        var reader = try FileRowReader(options: options)
        reader.feed(content)
        reader.finish()
        var batches: [ParsedBatch] = []
        var failure: CausewayError?
        do throws(CausewayError) {
            while let batch = try reader.nextBatch() { batches.append(batch) }
        } catch {
            failure = error
        }
        output.object { output in
            output.member("error")
            output.string(failure.map { Array($0.reason.utf8) } ?? [])
            if let format = batches.first?.checkpoint.format {
                output.member("encoding")
                output.string(format.encoding.rawValue.utf8)
                output.member("delimiter")
                output.string([format.dialect.delimiter])
                output.member("quote")
                output.string(format.dialect.quote.map { [$0] } ?? [])
                output.member("header")
                output.array(format.header) { $0.string($1.utf8) }
            }
            output.member("rows")
            output.array(batches.flatMap { batch in (0..<batch.rows.rowCount).map { (batch.rows, $0) } }) {
                output, row in
                output.array(Array(0..<row.0.columnCount)) { output, column in
                    output.string(row.0.bytes(row: row.1, column: column))
                }
            }
            output.member("lines")
            output.array(batches.flatMap(\.rows.lines)) { $0.number($1) }
            output.member("rejected")
            output.array(batches.flatMap(\.rejected)) { output, row in
                output.array([0, 1]) { output, part in
                    if part == 0 { output.number(row.line) } else { output.string(row.reason.rawValue.utf8) }
                }
            }
        }
    }
}
