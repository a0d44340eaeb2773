import CausewayMessages

/// What has to be done to a connection to make it another.
struct ConnectionChange: Hashable, Sendable {
    /// Paths for the update mask; empty: nothing is to be done.
    var mask: [String] = []
    /// "settings.port: 22 → 2222", a line each.
    var lines: [String] = []

    var isEmpty: Bool { mask.isEmpty }

    /// Compares as the daemon would: what equals its default is as good as not given.
    init(from old: Connection, to new: Connection, _ integration: Integration) {
        compare("display_name", "displayName", old.shownName, new.shownName)
        compare("sign_in_method", "signInMethod", old.signInMethod, new.signInMethod)
        let method = integration.signInMethods.first { $0.id == new.signInMethod }
        let set = SettingSet.connection(integration, method)
        let settings = Self.differences(set.significant(old.settings), set.significant(new.settings), "settings.")
        if !settings.isEmpty { add("settings", settings) }
        let entities = Self.differences(old.entities, new.entities, .entity(integration))
        if !entities.isEmpty { add("entities", entities) }
        compare("schedule", "schedule", Self.text(old.schedule), Self.text(new.schedule))
    }

    private mutating func add(_ path: String, _ lines: [String]) {
        mask.append(path)
        self.lines += lines
    }

    private mutating func compare(_ path: String, _ label: String, _ old: String, _ new: String) {
        guard old != new else { return }
        add(path, ["\(label): \(Self.shown(old)) → \(Self.shown(new))"])
    }

    private static func differences(
        _ old: [String: SettingValue], _ new: [String: SettingValue], _ prefix: String
    ) -> [String] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            guard old[name] != new[name] else { return nil }
            return "\(prefix)\(name): \(shown(old[name]?.text ?? "")) → \(shown(new[name]?.text ?? ""))"
        }
    }

    private static func differences(_ old: [EntitySettings], _ new: [EntitySettings], _ set: SettingSet) -> [String] {
        let before = Dictionary(old.map { ($0.entity, set.significant($0.settings)) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.entity, set.significant($0.settings)) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().flatMap { id -> [String] in
            switch (before[id], after[id]) {
            case (nil, _): ["entity \(id): added"]
            case (_, nil): ["entity \(id): removed"]
            case (let before?, let after?): differences(before, after, "entity \(id).")
            }
        }
    }

    private static func text(_ schedule: Schedule?) -> String {
        let catchUp = ScheduleText.text(schedule?.catchUp ?? .unspecified)
        return ScheduleText.text(schedule) + (catchUp == "run-once" ? "" : ", catch-up \(catchUp)")
    }

    private static func shown(_ text: String) -> String { text.isEmpty ? "(default)" : text }
}
