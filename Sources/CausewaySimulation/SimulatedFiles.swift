import CausewayCore
import CausewayTestKit

/// The files of one simulated connection, and what their rows have to become.
///
/// Keys are the file's own, so that the order in which files are read does not matter; a replaced file has the same keys
/// with other values.
struct SimulatedFiles {
    let connection: String
    private(set) var versions: [Int]
    let rows: Int
    /// Rows of each file that cannot be taken.
    let faulty: Int

    init(connection: String, files: Int, rows: Int, faulty: Int) {
        self.connection = connection
        versions = Array(repeating: 0, count: files)
        self.rows = rows
        self.faulty = faulty
    }

    static func path(_ file: Int) -> String { "/in/file-\(file).csv" }

    func file(_ index: Int, at time: Timestamp) -> ScriptedFileServer.File {
        var text = "id,value,note\n"
        for row in 0..<rows {
            if row < faulty { text += "broken-\(row)\n" }
            text += "\(key(index, row)),\(value(index, row)),\(row % 3 == 0 ? "" : "n\(row)")\n"
        }
        return ScriptedFileServer.File(text, modified: time)
    }

    mutating func replace(_ index: Int) { versions[index] += 1 }

    /// Every record that has to be there in the end, as exported lines, sorted.
    var expected: [String] {
        versions.indices.flatMap { index in
            (0..<rows).map { row in
                "\(key(index, row)),\(value(index, row)),\(row % 3 == 0 ? "" : "n\(row)")"
            }
        }.sorted()
    }

    private func key(_ file: Int, _ row: Int) -> String { "\(connection)-\(file)-\(row)" }
    private func value(_ file: Int, _ row: Int) -> String {
        // Every second row changes with the version, so that a new one brings updated and unchanged rows.
        "v\(row % 2 == 0 ? versions[file] : 0)-\(row)"
    }
}
