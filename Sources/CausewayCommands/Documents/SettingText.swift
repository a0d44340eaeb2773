import CausewayCore
import CausewayMessages

extension SettingValue {
    init(_ kind: Kind) {
        self.init()
        self.kind = kind
    }

    /// As it is written on the command line.
    var text: String {
        switch kind {
        case .text(let text): text
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .texts(let list): list.values.joined(separator: ",")
        case nil: ""
        }
    }

    /// As it stands in a document.
    var json: JSONValue {
        switch kind {
        case .text(let text): .string(text)
        case .integer(let number): .integer(number)
        case .boolean(let flag): .boolean(flag)
        case .texts(let list): .array(list.values.map(JSONValue.string))
        case nil: .null
        }
    }
}

extension SettingSpec {
    /// The value that `text` means, by the setting's type and limits.
    ///
    /// - Parameter path: names the setting in the error.
    func value(_ text: String, _ path: String) throws(Failure) -> SettingValue {
        switch type {
        case .integer:
            guard let number = Int64(text) else { throw wrong(path, "\"\(text)\" is no whole number") }
            try check(number, text, path)
            return SettingValue(.integer(number))
        case .boolean:
            guard let flag = Self.flags[text.lowercased()] else {
                throw wrong(path, "write yes or no, not \"\(text)\"")
            }
            return SettingValue(.boolean(flag))
        case .duration:
            guard let duration = Duration(text: text) else {
                throw wrong(path, "\"\(text)\" is no length of time; write it as 30s, 15m or 2h")
            }
            try check(duration.wholeSeconds, text, path)
            return SettingValue(.text(text))
        case .choice where !choices.contains(text):
            throw wrong(path, "\"\(text)\" is none of \(choices.joined(separator: ", "))")
        case .textList:
            let values = text.split(separator: ",").map { $0.trimmingSpaces() }
            return SettingValue(.texts(.with { $0.values = values.filter { !$0.isEmpty } }))
        default: return SettingValue(.text(text))
        }
    }

    /// The value that a document's JSON means. A string is read as on the command line.
    func value(_ json: JSONValue, _ path: String) throws(Failure) -> SettingValue {
        switch json {
        case .string(let text) where type == .textList: return SettingValue(.texts(.with { $0.values = [text] }))
        case .string(let text): return try value(text, path)
        case .integer(let number): return try value(String(number), path)
        case .boolean(let flag) where type == .boolean: return SettingValue(.boolean(flag))
        case .array(let values) where type == .textList:
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { throw wrong(path, "a list of texts is expected") }
                texts.append(text)
            }
            return SettingValue(.texts(.with { $0.values = texts }))
        default: throw wrong(path, "a value of type \(typeText) is expected")
        }
    }

    /// The type with its choices or limits: "integer, 1 to 65535".
    var typeText: String {
        let name =
            switch type {
            case .text, .unspecified: "text"
            case .integer: "integer"
            case .boolean: "yes or no"
            case .duration: "duration"
            case .choice: "one of " + choices.joined(separator: ", ")
            case .textList: "list of texts"
            default: "type \(type)"
            }
        switch (minimum, maximum == .max ? nil : maximum) {
        case (let least?, let greatest?): return "\(name), \(limit(least)) to \(limit(greatest))"
        case (let least?, nil): return "\(name), \(limit(least)) or more"
        case (nil, let greatest?): return "\(name), up to \(limit(greatest))"
        case (nil, nil): return name
        }
    }

    private static let flags = [
        "yes": true, "true": true, "on": true, "1": true, "no": false, "false": false, "off": false, "0": false,
    ]

    private func check(_ number: Int64, _ text: String, _ path: String) throws(Failure) {
        if let minimum, number < minimum { throw wrong(path, "\(text) is less than \(limit(minimum))") }
        if let maximum, number > maximum { throw wrong(path, "\(text) is more than \(limit(maximum))") }
    }

    private func limit(_ number: Int64) -> String {
        type == .duration && number > 0 ? Duration.seconds(number).text : String(number)
    }

    private func wrong(_ path: String, _ what: String) -> Failure {
        Failure(.dataError, "\(path): \(what).", hints: help.isEmpty ? [] : [help])
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    func trimmingSpaces() -> String {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return "" }
        return String(self[first...last])
    }
}
