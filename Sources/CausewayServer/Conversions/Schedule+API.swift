import CausewayCore
import CausewayMessages
import CausewayWire

extension Schedule {
    init(_ value: CausewayCore.Schedule) {
        self.init()
        catchUp = value.catchUp == .skip ? .skip : .runOnce
        switch value.kind {
        case .manual:
            kind = .manual(Manual())
        case .every(let period, let anchor):
            kind = .every(
                Every.with {
                    $0.period = ProtoDuration(period)
                    $0.anchorTime = ProtoTimestamp(anchor)
                })
        case .daily(let time, let zone):
            kind = .daily(
                Daily.with {
                    $0.hour = Int32(time.hour)
                    $0.minute = Int32(time.minute)
                    $0.timeZone = zone ?? ""
                })
        }
    }

    /// - Parameter anchor: from when a period counts if this is set.
    /// - Throws: ``CausewayError`` (invalid argument) that names the field.
    func value(anchor: Timestamp, field: String = "connection.schedule") throws(CausewayError) -> CausewayCore.Schedule
    {
        let catchUp: CausewayCore.Schedule.CatchUp = catchUp == .skip ? .skip : .runOnce
        switch kind {
        case nil, .manual:
            return CausewayCore.Schedule(.manual, catchUp: catchUp)
        case .every(let every):
            guard let period = every.period else { throw .invalid("\(field).every.period", "it is missing.") }
            return CausewayCore.Schedule(.every(try Duration(period), anchor: anchor), catchUp: catchUp)
        case .daily(let daily):
            guard let time = LocalTime(hour: Int(daily.hour), minute: Int(daily.minute)) else {
                throw .invalid("\(field).daily", "\(daily.hour):\(daily.minute) is not a time of day.")
            }
            return CausewayCore.Schedule(
                .daily(time, zone: daily.timeZone.isEmpty ? nil : daily.timeZone), catchUp: catchUp)
        }
    }
}
