import CausewayCore
import CausewayMessages

extension Report {
    /// Integrations by name.
    static func integrations(_ integrations: [Integration], query: String) -> Report {
        var table = Table(columns: [.whole("NAME"), .text("TITLE"), .text("DIRECTIONS"), .prose("DESCRIPTION")])
        for integration in integrations {
            table.rows.append([
                .init(integration.id), .init(integration.title),
                .init(integration.directions.map { $0.description.lowercased() }.joined(separator: ", ")),
                .init(integration.description),
            ])
        }
        let hint = query.isEmpty ? "The catalogue is empty." : "Nothing in the catalogue has all of these words."
        return Report(
            json: ["integrations": .array(integrations.map(\.json))], blocks: [.table(table)],
            names: integrations.map(\.id), notes: integrations.isEmpty ? [hint] : [])
    }

    /// One integration with what it asks for.
    static func integration(_ integration: Integration) -> Report {
        var facts = Facts()
        facts.add("Integration", integration.id)
        facts.add("Title", integration.title)
        facts.add("Description", integration.description)
        facts.add("Directions", integration.directions.map { $0.description.lowercased() }.joined(separator: ", "))
        facts.add("Capabilities", integration.capabilities.joined(separator: ", "))
        var blocks: [Block] = [.facts(facts)]
        for (index, method) in integration.signInMethods.enumerated() {
            let title = "Sign-in method \(method.id)" + (method.title.isEmpty ? "" : ": \(method.title)")
            blocks += [.heading(title + (index == 0 ? " (default)" : "")), .table(settings(method.settings))]
        }
        if !integration.settings.isEmpty {
            blocks += [.heading("Settings (--set NAME=VALUE)"), .table(settings(integration.settings))]
        }
        if !integration.entitySettings.isEmpty {
            blocks += [
                .heading("Settings of an entity (--entity ENTITY:NAME=VALUE,…)"),
                .table(settings(integration.entitySettings)),
            ]
        }
        return Report(
            json: integration.json, blocks: blocks, names: [integration.id],
            notes: ["Connect: causeway connect \(integration.id) --name NAME"])
    }

    private static func settings(_ specs: [SettingSpec]) -> Table {
        var table = Table(columns: [
            .whole("NAME"), .prose("TYPE", shrinksTo: 12), .whole("NEEDED"), .text("DEFAULT", shrinksTo: 6),
            .prose("HELP", shrinksTo: 20),
        ])
        for spec in specs {
            table.rows.append([
                .init(spec.name), .init(spec.secret ? "secret" : spec.typeText),
                .init(spec.required ? "required" : "", .warning), .init(spec.defaultValue?.text ?? ""),
                .init(spec.help.isEmpty ? spec.label : spec.help),
            ])
        }
        return table
    }
}

extension Integration {
    /// The part of the name after "integrations/".
    var id: String { ResourceName.match(name, "integrations/*")?.first ?? name }

    var json: JSONValue {
        .members([
            "name": .string(name),
            "title": .string(title),
            "description": .text(description),
            "directions": .array(directions.map { .string($0.description) }),
            "signInMethods": .array(
                signInMethods.map { method in
                    .members([
                        "id": .string(method.id), "title": .text(method.title),
                        "settings": .array(method.settings.map(\.json)),
                    ])
                }),
            "settings": .array(settings.map(\.json)),
            "entitySettings": .array(entitySettings.map(\.json)),
            "capabilities": .array(capabilities.map(JSONValue.string)),
        ])
    }
}

extension SettingSpec {
    var json: JSONValue {
        .members([
            "name": .string(name),
            "label": .text(label),
            "help": .text(help),
            "type": .string(type.description),
            "required": .boolean(required),
            "secret": .boolean(secret),
            "defaultValue": defaultValue?.json,
            "choices": .list(choices.map(JSONValue.string)),
            "minimum": minimum.map(JSONValue.integer),
            "maximum": maximum.map(JSONValue.integer),
        ])
    }
}
