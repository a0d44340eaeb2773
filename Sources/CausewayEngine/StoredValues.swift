package import CausewayCore
package import CausewayMessages
import CausewayStore

// Between what is stored and the values that decide.

extension Schedule {
    /// A schedule as it is stored. What this build does not know of is manual: nothing is fetched by mistake.
    package init(_ stored: StoredSchedule) {
        let catchUp = CatchUp(rawValue: stored.catchUp) ?? .runOnce
        switch stored.kind {
        case 1:
            self.init(
                .every(.seconds(stored.periodSeconds), anchor: Timestamp(micros: stored.anchorMicros)),
                catchUp: catchUp)
        case 2:
            let time = LocalTime(secondOfDay: Int(stored.minuteOfDay) * 60)
            self.init(.daily(time, zone: stored.timeZone.isEmpty ? nil : stored.timeZone), catchUp: catchUp)
        default:
            self.init(.manual, catchUp: catchUp)
        }
    }

    package var stored: StoredSchedule {
        var stored = StoredSchedule()
        stored.catchUp = catchUp.rawValue
        switch kind {
        case .manual:
            stored.kind = 0
        case .every(let period, let anchor):
            stored.kind = 1
            stored.periodSeconds = period.wholeSeconds
            stored.anchorMicros = anchor.micros
        case .daily(let time, let zone):
            stored.kind = 2
            stored.minuteOfDay = Int32(time.secondOfDay / 60)
            stored.timeZone = zone ?? ""
        }
        return stored
    }
}

extension StoredSchedule? {
    var orEmpty: StoredSchedule { self ?? StoredSchedule() }
}

extension StoredScheduleState {
    init(next: Timestamp?, last: Timestamp?) {
        self.init()
        nextSlotMicros = next?.micros ?? 0
        lastSlotMicros = last?.micros ?? 0
    }
}

extension StoredSkippedSlot {
    init(_ reason: SkipReason, count: Int) {
        self.init()
        self.reason = reason.rawValue
        self.count = Int64(count)
    }
}

extension SettingValue {
    /// Nil for a value of a kind that this build does not know.
    package init?(_ stored: StoredSetting) {
        switch stored.kind {
        case .text(let text): self = .text(text)
        case .integer(let number): self = .integer(number)
        case .boolean(let flag): self = .boolean(flag)
        case .texts(let texts): self = .texts(texts.values)
        case nil: return nil
        }
    }

    package var stored: StoredSetting {
        var stored = StoredSetting()
        switch self {
        case .text(let text): stored.kind = .text(text)
        case .integer(let number): stored.kind = .integer(number)
        case .boolean(let flag): stored.kind = .boolean(flag)
        case .texts(let texts):
            var list = StoredTexts()
            list.values = texts
            stored.kind = .texts(list)
        }
        return stored
    }
}

extension StoredConnection {
    package var settingValues: Settings { settings.compactMapValues { SettingValue($0) } }

    package var entityValues: [EntitySettings] {
        entities.map { EntitySettings(entity: $0.entity, settings: $0.settings.compactMapValues { SettingValue($0) }) }
    }

    package mutating func setSettings(_ values: Settings) { settings = values.mapValues(\.stored) }

    package mutating func setEntities(_ values: [EntitySettings]) {
        entities = values.map { value in
            var stored = StoredEntitySettings()
            stored.entity = value.entity
            stored.settings = value.settings.mapValues(\.stored)
            return stored
        }
    }
}

extension EngineContext {
    /// Reads the store; foreign errors become ours.
    func readStore<T>(_ body: (borrowing ReadTransaction) throws -> T) throws(CausewayError) -> T {
        do {
            return try environment.store.read(body)
        } catch {
            throw .wrapping(error)
        }
    }
}

/// The installation's settings until somebody sets others.
package enum OrganisationDefaults {
    package static let timeZone = "UTC"
}
