package import CausewayCore
import CausewayMessages

/// What people see of an entity, or of all of a connection. Kept, not counted: as quick for a billion records as for one.
package struct EntityFigures: Hashable, Sendable {
    /// Live records.
    package var recordCount: Int64 = 0
    /// Records times fields.
    package var cellCount: Int64 = 0
    /// Cells with a value.
    package var valueCount: Int64 = 0
    package var fieldCount = 0
    /// The last 7 local days, oldest first.
    package var days: [DayTable.Entry] = []

    package static let dayCount = 7

    /// Null cells as a share of all cells, 0 to 1; 0 without cells.
    package var nullShare: Double {
        cellCount > 0 ? Double(max(0, cellCount - valueCount)) / Double(cellCount) : 0
    }
    package var completeness: Double { 1 - nullShare }

    /// Figures of nothing, with seven days that end with `today`.
    package init(today: LocalDate) {
        days = (0..<Self.dayCount).reversed().map {
            DayTable.Entry(date: today.adding(days: -$0), day: StoredDay())
        }
    }

    /// The figures of an entity.
    ///
    /// - Parameter today: the organisation's local date.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package init(of state: EntityState, today: LocalDate, in transaction: borrowing ReadTransaction) throws {
        self.init(today: today)
        recordCount = state.entity.recordCount
        fieldCount = state.fields.count
        cellCount = recordCount * Int64(fieldCount)
        valueCount = state.fields.reduce(0) { $0 + $1.stored.valueCount }
        let kept = try DayTable.list(
            in: transaction, state.shard, entity: state.entity.number, from: days[0].date, through: today)
        for entry in kept {
            days[Self.dayCount - 1 - (today.daysSinceEpoch - entry.date.daysSinceEpoch)].day = entry.day
        }
    }

    /// Adds another entity's figures of the same days.
    package mutating func add(_ other: EntityFigures) {
        recordCount += other.recordCount
        cellCount += other.cellCount
        valueCount += other.valueCount
        fieldCount += other.fieldCount
        for index in days.indices where index < other.days.count {
            days[index].day.newRecords += other.days[index].day.newRecords
            days[index].day.updatedRecords += other.days[index].day.updatedRecords
        }
    }
}
