import CausewayConnectorKit
import CausewayCore
import CausewayIngest

/// What an entity's settings say, in the words of a run. Names are those of every file connector's entity spec.
struct EntityPlan: Sendable {
    enum PostAction: Hashable, Sendable {
        case leave
        case move(folder: String)
        case delete
    }

    var entity: String
    var folder: String
    var pattern: GlobPattern
    var rules: FileRules
    var postAction: PostAction
    var format: FileFormatOptions
    var threshold: QuarantineThreshold
    var schemaPolicy: SchemaPolicy

    init(_ entity: EntitySettings) throws(CausewayError) {
        self.entity = entity.entity
        let settings = entity.settings
        folder = settings.text("folder") ?? "/"
        pattern = try GlobPattern(FileEntitySettings.pattern(in: settings))
        rules = FileRules(
            quietPeriod: settings.duration("quiet_period") ?? .seconds(10),
            doneSuffix: settings.text("done_file") ?? "")
        threshold = QuarantineThreshold(
            rows: settings.integer("max_quarantined_rows"), percent: settings.integer("max_quarantined_percent"))
        schemaPolicy = settings.text("schema_policy").flatMap { SchemaPolicy(rawValue: $0) } ?? .accept
        postAction =
            switch settings.text("post_action") {
            case "move": .move(folder: settings.text("archive_folder") ?? "archive")
            case "delete": .delete
            default: .leave
            }
        format = try FileFormatOptions(settings: settings)
    }
}

extension EntityPlan {
    /// Whether a listed file is one of the entity's.
    func matches(_ file: RemoteFile) -> Bool {
        let name = String(file.name)
        return pattern.matches(name) && (pattern.namesUnfinished || !FileNames.looksUnfinished(name))
    }
}

/// How many rows of a run may be in quarantine before it counts as failed.
struct QuarantineThreshold: Hashable, Sendable {
    /// Nil: no limit.
    var rows: Int64?
    /// Of the rows read; nil: no limit.
    var percent: Int64?

    func isExceeded(quarantined: Int64, of read: Int64) -> Bool {
        if let rows, quarantined > rows { return true }
        // Hundredfold in wide arithmetic: counters may be large.
        if let percent, quarantined > 0, Double(quarantined) * 100 > Double(percent) * Double(read) { return true }
        return false
    }
}
