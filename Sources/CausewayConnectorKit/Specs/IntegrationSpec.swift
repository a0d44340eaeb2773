package import CausewayCore

/// What an integration is and what it asks for: the one declaration from which flags, prompts, checks, docs and
/// redaction come.
package struct IntegrationSpec: Hashable, Sendable {
    /// "sftp".
    package var id: String
    /// "SFTP".
    package var title: String
    package var description: String
    package var directions: [Direction]
    /// The first is the default.
    package var signInMethods: [SignInMethod]
    package var settings: [SettingSpec]
    /// What can be set for each entity.
    package var entitySettings: [SettingSpec]
    package var capabilities: [Capability]

    package init(
        id: String, title: String, description: String, directions: [Direction], signInMethods: [SignInMethod],
        settings: [SettingSpec], entitySettings: [SettingSpec], capabilities: [Capability]
    ) {
        self.id = id
        self.title = title
        self.description = description
        self.directions = directions
        self.signInMethods = signInMethods
        self.settings = settings
        self.entitySettings = entitySettings
        self.capabilities = capabilities
    }
}

/// What a connector can do beyond the least.
package enum Capability: String, Hashable, Sendable, CaseIterable {
    /// Proposes entities' fields and types from a sample.
    case discover
    /// Goes on in the middle of a file after a cut link.
    case resume
    /// Moves or deletes a file after it was imported.
    case postAction = "post-action"
}

/// A way to sign in.
package struct SignInMethod: Hashable, Sendable {
    package var id: String
    package var title: String
    /// What it asks for; the secret ones are credentials.
    package var settings: [SettingSpec]

    package init(id: String, title: String, settings: [SettingSpec]) {
        self.id = id
        self.title = title
        self.settings = settings
    }
}

/// What can be set, and how.
package struct SettingSpec: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case text
        case integer(ClosedRange<Int64>)
        case boolean
        case duration(ClosedRange<Duration>)
        case choice([String])
        case textList
    }
    /// Lower snake case.
    package var name: String
    package var label: String
    package var help: String
    package var kind: Kind
    package var isRequired: Bool
    package var isSecret: Bool
    package var defaultValue: SettingValue?

    package init(
        _ name: String, label: String, _ kind: Kind, required: Bool = false, secret: Bool = false,
        default defaultValue: SettingValue? = nil, help: String
    ) {
        self.name = name
        self.label = label
        self.help = help
        self.kind = kind
        isRequired = required
        isSecret = secret
        self.defaultValue = defaultValue
    }
}
