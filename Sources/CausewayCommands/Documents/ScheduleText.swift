import CausewayCore
import CausewayMessages

/// Schedules in words: "manual", "every 6h", "daily 02:30", "daily 02:30 Europe/Paris".
enum ScheduleText {
    /// The forms, for help and errors.
    static let forms = "\"manual\", \"every 15m\" (1m or more) or \"daily 02:30 [TIME-ZONE]\""

    /// Reads a schedule; `at` after "daily" is allowed, the period may have spaces around it.
    static func parse(_ text: String) throws(Failure) -> Schedule {
        let words = text.split(separator: " ").map(String.init)
        var schedule = Schedule()
        switch words.first?.lowercased() {
        case "manual" where words.count == 1: schedule.kind = .manual(Schedule.Manual())
        case "every" where words.count > 1: schedule.kind = .every(try every(words.dropFirst().joined(), text))
        case "daily" where words.count > 1:
            let rest = words.dropFirst()
            schedule.kind = .daily(try daily(Array(rest.first == "at" ? rest.dropFirst() : rest), text))
        default: throw malformed(text)
        }
        return schedule
    }

    /// The shortest text that ``parse(_:)`` reads as the same schedule.
    static func text(_ schedule: Schedule?) -> String {
        switch schedule?.kind {
        case .manual, nil: return "manual"
        case .every(let every): return "every \((every.period?.length ?? .zero).text)"
        case .daily(let daily):
            let zone = daily.timeZone.isEmpty ? "" : " " + daily.timeZone
            return "daily \(twoDigits(daily.hour)):\(twoDigits(daily.minute))\(zone)"
        }
    }

    /// Reads "run-once" or "skip".
    static func catchUp(_ text: String) throws(Failure) -> Schedule.CatchUp {
        switch text {
        case "run-once": return .runOnce
        case "skip": return .skip
        default: throw .usage("\"\(text)\" is no way to catch up; there are \"run-once\" and \"skip\".")
        }
    }

    /// "run-once" or "skip"; what a newer daemon may add is shown as its number.
    static func text(_ catchUp: Schedule.CatchUp) -> String {
        switch catchUp {
        case .unspecified, .runOnce: "run-once"
        case .skip: "skip"
        default: catchUp.description
        }
    }

    private static func every(_ text: String, _ whole: String) throws(Failure) -> Schedule.Every {
        guard let period = Duration(text: text) else { throw malformed(whole) }
        guard period >= .seconds(60) else { throw .usage("The period of a schedule is 1m or more, not \(text).") }
        return .with { $0.period = ProtoDuration(period) }
    }

    private static func daily(_ words: [String], _ whole: String) throws(Failure) -> Schedule.Daily {
        guard (1...2).contains(words.count) else { throw malformed(whole) }
        guard let time = LocalTime(text: words[0]) else {
            throw .usage("\"\(words[0])\" is no time of day; write it as 02:30.")
        }
        return .with {
            $0.hour = Int32(time.hour)
            $0.minute = Int32(time.minute)
            $0.timeZone = words.count == 2 ? words[1] : ""
        }
    }

    private static func malformed(_ text: String) -> Failure { .usage("\"\(text)\" is no schedule; write \(forms).") }

    private static func twoDigits(_ number: Int32) -> String { number >= 0 && number < 10 ? "0\(number)" : "\(number)" }
}
