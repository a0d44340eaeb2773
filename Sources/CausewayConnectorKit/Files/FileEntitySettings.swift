package import CausewayCore

/// What every connector that fetches files asks for an entity: how its files are read and what is done with them.
package enum FileEntitySettings {
    /// Names that connectors look at themselves.
    package enum Name {
        package static let folder = "folder"
        package static let pattern = "pattern"
        package static let format = "format"
        package static let postAction = "post_action"
        package static let archiveFolder = "archive_folder"
    }

    /// Settings that are one character or a word for it.
    private static let characters = [
        ("delimiter", ["auto", "tab", "\\t"]), ("quote", ["auto", "none", "tab", "\\t"]), ("escape", ["none"]),
        ("comment", ["none"]),
    ]

    /// Which files are taken, besides where they are.
    package static let selection = [
        SettingSpec(
            Name.pattern, label: "Pattern", .text,
            help:
                "Which of its files are taken: * and ? and [a-z] and {a,b}, by the name without the folder. Without it "
                + "*.csv, or by the format *.jsonl and *.ndjson, or *.json; each also with .gz or .zst behind it."),
        SettingSpec(
            "quiet_period", label: "Quiet period", .duration(.zero...(.seconds(86_400))), default: .text("10s"),
            help: "How long a file must have stayed the same before it is read."),
        SettingSpec(
            "done_file", label: "Done file", .text,
            help: "An ending such as \".done\": a file is taken once one of its name with this ending is there."),
    ]

    /// How the files are read.
    package static let format = [
        SettingSpec(
            Name.format, label: "Format", .choice(["auto", "csv", "json-lines", "json"]), default: .text("auto"),
            help: "How the files are written; \"auto\" to find it out. Compressed ones are told by their content."),
        SettingSpec(
            "primary_key", label: "Primary key", .textList,
            help: "Labels of the columns that identify a record; without it the place in the file does."),
        SettingSpec(
            "encoding", label: "Encoding",
            .choice(["auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "windows-1252"]),
            default: .text("auto"), help: "How characters are written; \"auto\" to find it out."),
        SettingSpec(
            "null_values", label: "Null values", .textList, default: .texts([""]),
            help: "Values that stand for nothing; by default the empty one alone, which a list of others leaves out."),
        SettingSpec(
            "delimiter", label: "Delimiter", .text, default: .text("auto"),
            help: "One character, \"tab\", or \"auto\" to find it out."),
        SettingSpec(
            "quote", label: "Quote", .text, default: .text("auto"),
            help: "One character, \"none\", or \"auto\" to find it out."),
        SettingSpec(
            "escape", label: "Escape", .text, default: .text("none"),
            help: "One character that takes the meaning from the next; with \"none\" quotes inside quotes are doubled."),
        SettingSpec(
            "comment", label: "Comment", .text, default: .text("none"),
            help: "One character that begins a line which is no row, or \"none\"."),
        SettingSpec(
            "header", label: "Header", .boolean, default: .boolean(true),
            help: "Whether the first row holds the labels."),
        SettingSpec(
            "skip_rows", label: "Skipped lines", .integer(0...10_000), default: .integer(0),
            help: "Lines at the start of a delimited file that are passed over, before the header."),
        SettingSpec(
            "ragged_rows", label: "Ragged rows", .choice(["quarantine", "pad", "truncate"]),
            default: .text("quarantine"),
            help: "Rows with another number of values than the header: kept aside; or \"pad\" to take short ones with "
                + "nulls; or \"truncate\" to take long ones too, without what is too much."),
        SettingSpec(
            "trim_values", label: "Trim values", .boolean, default: .boolean(false),
            help: "Whether spaces and tabs around unquoted values of delimited files are left out."),
        SettingSpec(
            "nested", label: "Nested objects", .choice(["flatten", "json"]), default: .text("flatten"),
            help:
                "Objects inside JSON objects become fields with dotted names, or stay JSON text. Arrays stay JSON text."
        ),
        SettingSpec(
            "schema_policy", label: "Schema policy", .choice(["accept", "hold", "fail"]), default: .text("accept"),
            help: "Fields that are new, missing or of another type are taken up, held for approval, or fail the run."),
    ]

    /// What follows when a file was read.
    package static let afterwards = [
        SettingSpec(
            Name.postAction, label: "After the import", .choice(["leave", "move", "delete"]),
            default: .text("leave"), help: "What is done with a file whose every row was taken."),
        SettingSpec(
            Name.archiveFolder, label: "Archive folder", .text,
            help: "Where files are moved to; needed for \"move\". It is made when it is missing."),
        quarantinedRows, quarantinedPercent,
    ]

    private static let quarantinedRows = SettingSpec(
        "max_quarantined_rows", label: "Most quarantined rows", .integer(0...Int64.max),
        help: "A run with more of them has failed; without it any number may be.")
    private static let quarantinedPercent = SettingSpec(
        "max_quarantined_percent", label: "Most quarantined rows, %", .integer(0...100),
        help: "A run where more of the rows are in quarantine has failed.")

    /// The pattern of an entity's files; where none is given, by the format: its usual endings, packed or not.
    package static func pattern(in settings: Settings) -> String {
        if let given = settings.text(Name.pattern) { return given }
        let endings =
            switch settings.text(Name.format) {
            case "json-lines": ["jsonl", "ndjson"]
            case "json": ["json"]
            default: ["csv"]
            }
        return "{" + endings.map { "*.\($0),*.\($0).gz,*.\($0).zst" }.joined(separator: ",") + "}"
    }

    /// What is wrong with an entity's settings beyond what their specs say; `path` leads to them.
    package static func violations(in settings: Settings, path: String) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        func add(_ name: String, _ description: String) {
            violations.append(FieldViolation(field: "\(path).\(name)", description: description))
        }
        do {
            _ = try GlobPattern(pattern(in: settings))
        } catch {
            for violation in error.violations { add(Name.pattern, violation.description) }
        }
        let archive = settings.text(Name.archiveFolder) ?? ""
        if settings.text(Name.postAction) == "move" {
            if archive.isEmpty {
                add(Name.archiveFolder, "is required when files are moved.")
            } else if FileNames.normalized(folder: archive)
                == FileNames.normalized(folder: settings.text(Name.folder) ?? "")
            {
                add(Name.archiveFolder, "is the folder that files are taken from.")
            }
        }
        for (name, words) in characters {
            let text = settings.text(name) ?? ""
            guard !text.isEmpty, !words.contains(text) else { continue }
            if text.utf8.count != 1 || !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 9 }) {
                add(name, "\"\(text)\" is not one character.")
            }
        }
        return violations
    }
}
