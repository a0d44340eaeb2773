import CausewayConnectorKit
import CausewayCore
import CausewayMessages

extension SettingValue {
    init(_ value: CausewayCore.SettingValue) {
        self.init()
        kind =
            switch value {
            case .text(let text): .text(text)
            case .integer(let number): .integer(number)
            case .boolean(let flag): .boolean(flag)
            case .texts(let texts): .texts(TextList.with { $0.values = texts })
            }
    }

    /// - Throws: ``CausewayError`` (invalid argument) for a value of no kind, or of one that this build does not know.
    func value(_ field: String) throws(CausewayError) -> CausewayCore.SettingValue {
        switch kind {
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .boolean(let flag): .boolean(flag)
        case .texts(let texts): .texts(texts.values)
        case nil: throw .invalid(field, "it has no value of a kind that this daemon knows.")
        }
    }
}

/// Settings of the API as values.
func settings(_ messages: [String: SettingValue], _ field: String) throws(CausewayError) -> CausewayCore.Settings {
    var values: CausewayCore.Settings = [:]
    for (name, message) in messages { values[name] = try message.value("\(field).\(name)") }
    return values
}

/// Entity settings of the API as values.
func entitySettings(
    _ messages: [EntitySettings], _ field: String
) throws(CausewayError) -> [CausewayCore.EntitySettings] {
    var values: [CausewayCore.EntitySettings] = []
    for message in messages {
        values.append(
            CausewayCore.EntitySettings(
                entity: message.entity,
                settings: try settings(message.settings, "\(field)[\(message.entity)].settings")))
    }
    return values
}

extension EntitySettings {
    init(_ value: CausewayCore.EntitySettings) {
        self.init()
        entity = value.entity
        settings = value.settings.mapValues { SettingValue($0) }
    }
}

extension Integration {
    init(_ spec: IntegrationSpec) {
        self.init()
        name = ResourceName.integration(spec.id)
        title = spec.title
        description = spec.description
        directions = spec.directions.map { Direction(rawValue: $0.rawValue) }
        signInMethods = spec.signInMethods.map { method in
            SignInMethod.with {
                $0.id = method.id
                $0.title = method.title
                $0.settings = method.settings.map { SettingSpec($0) }
            }
        }
        settings = spec.settings.map { SettingSpec($0) }
        entitySettings = spec.entitySettings.map { SettingSpec($0) }
        capabilities = spec.capabilities.map(\.rawValue)
    }
}

extension SettingSpec {
    init(_ spec: CausewayConnectorKit.SettingSpec) {
        self.init()
        name = spec.name
        label = spec.label
        help = spec.help
        required = spec.isRequired
        secret = spec.isSecret
        defaultValue = spec.defaultValue.map { SettingValue($0) }
        switch spec.kind {
        case .text:
            type = .text
        case .integer(let range):
            type = .integer
            minimum = range.lowerBound
            maximum = range.upperBound
        case .boolean:
            type = .boolean
        case .duration(let range):
            type = .duration
            minimum = range.lowerBound.wholeSeconds
            maximum = range.upperBound.wholeSeconds
        case .choice(let texts):
            type = .choice
            choices = texts
        case .textList:
            type = .textList
        }
    }
}
