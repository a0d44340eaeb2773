package import CausewayCore
import Foundation
import Synchronization

/// The world's time zones from Foundation's own data: needs no files of the system.
package final class FoundationTimeZones: TimeZoneRules {
    /// Known zones only, so names from outside do not make it grow.
    private let zones = Mutex<[String: Zone]>([:])

    private struct Zone {
        var rules: TimeZone
        var abbreviations: ZoneAbbreviations?
    }

    /// - Throws: ``CausewayError`` (internal, `TIME_ZONES_UNAVAILABLE`) when the platform knows no named zones, as in a
    ///   statically linked build: schedules must not run by wrong clocks.
    package init() throws(CausewayError) {
        // Summer and winter of 2026 on both hemispheres.
        let samples: [(zone: String, second: Int64, offset: Int)] = [
            ("Europe/Berlin", 1_783_000_000, 7_200), ("Europe/Berlin", 1_768_000_000, 3_600),
            ("Australia/Lord_Howe", 1_783_000_000, 37_800), ("Australia/Lord_Howe", 1_768_000_000, 39_600),
        ]
        for sample in samples {
            let found = try? seconds(of: sample.zone, at: Timestamp(seconds: sample.second))
            guard found == sample.offset else {
                throw CausewayError(
                    .internal, reason: "TIME_ZONES_UNAVAILABLE",
                    "The clocks of \(sample.zone) are not known; install Causeway with the Swift runtime's own "
                        + "libraries beside it.",
                    metadata: ["zone": sample.zone])
            }
        }
    }

    package func isKnown(_ zone: String) -> Bool { find(zone) != nil }

    package func offset(
        of zone: String, at instant: Timestamp
    ) throws(CausewayError) -> (seconds: Int, abbreviation: String) {
        let found = try known(zone)
        let date = Date(timeIntervalSince1970: Double(instant.seconds))
        let seconds = found.rules.secondsFromGMT(for: date)
        let abbreviation =
            found.abbreviations?.abbreviation(offset: seconds, at: instant.seconds)
            ?? found.rules.abbreviation(for: date)
        return (seconds, abbreviation ?? "")
    }

    package func seconds(of zone: String, at instant: Timestamp) throws(CausewayError) -> Int {
        try known(zone).rules.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant.seconds)))
    }

    private func known(_ zone: String) throws(CausewayError) -> Zone {
        guard let found = find(zone) else {
            throw .invalid(
                "time_zone", "\"\(zone.prefix(64))\" is not a known time zone; use an IANA name such as Europe/Paris.")
        }
        return found
    }

    /// Nil also for names that Foundation takes beside IANA's, such as "GMT+3" and "IST", which mean different things to
    /// different people.
    private func find(_ name: String) -> Zone? {
        zones.withLock { zones in
            if let zone = zones[name] { return zone }
            // Foundation reads no further than a NUL.
            guard name.contains("/") || name == "UTC" || name == "GMT", name.utf8.count <= 64, !name.contains("\0"),
                let rules = TimeZone(identifier: name)
            else { return nil }
            let zone = Zone(rules: rules, abbreviations: ZoneAbbreviations(zone: name))
            zones[name] = zone
            return zone
        }
    }
}
