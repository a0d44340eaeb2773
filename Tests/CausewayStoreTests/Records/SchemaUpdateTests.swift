import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct SchemaUpdateTests {
    private let now = Timestamp(seconds: 1_000)

    private func take(
        _ columns: [(String, FieldType?)], key: [String]? = nil, into state: EntityState? = nil,
        at now: Timestamp? = nil
    ) throws -> SchemaUpdate {
        let fresh = EntityState(shard: testShard, id: "e", number: 1, createTime: self.now)
        return try SchemaUpdate.takingUp(
            columns.map { ObservedColumn(label: $0.0, type: $0.1) }, primaryKey: key, into: state ?? fresh,
            now: now ?? self.now)
    }

    @Test func numbersAreNeverUsedAgain() throws {
        let first = try take([("a", .integer), ("b", nil)], key: ["a"])
        #expect(first.fieldNumbers == [1, 2])
        #expect(first.added == ["a", "b"])
        var state = first.state
        state.fields.removeAll { $0.stored.apiLabel == "b" }
        let second = try take([("c", .text), ("b", .date), ("a", .integer)], into: state)
        #expect(second.fieldNumbers == [3, 4, 1])
        #expect(second.state.fieldsByPosition.map(\.stored.apiLabel) == ["a", "c", "b"])
        #expect(second.state.field("a")?.stored.required == true)
        #expect(second.state.field("b")?.stored.required == false)
    }

    @Test func typesOnlyWiden() throws {
        var state = try take([("a", nil)]).state
        var widened: [[String]] = []
        var types: [Int32] = []
        for type: FieldType? in [nil, .integer, .integer, .decimal, nil, .integer, .date, .boolean] {
            let update = try take([("a", type)], into: state)
            widened.append(update.widened)
            types.append(update.state.fields[0].stored.type)
            state = update.state
        }
        #expect(types == [0, 2, 2, 3, 3, 3, 6, 6])
        #expect(widened == [[], [], [], ["a"], [], [], ["a"], []])
    }

    /// Whatever the order in which values come, the type is the same.
    @Test func wideningIsALattice() {
        for a in FieldType.allCases {
            #expect(a.widened(by: a) == a)
            #expect(a.widened(by: nil) == a)
            for b in FieldType.allCases {
                #expect(a.widened(by: b) == b.widened(by: a))
                for c in FieldType.allCases {
                    #expect(a.widened(by: b).widened(by: c) == a.widened(by: b.widened(by: c)))
                }
            }
        }
        #expect(FieldType.integer.widened(by: .decimal) == .decimal)
        #expect(FieldType.date.widened(by: .dateTime) == .dateTime)
        #expect(FieldType.boolean.widened(by: .integer) == .text)
    }

    @Test func missingFieldsAreMarkedAtTheEndOfARun() throws {
        let start = now + .seconds(10)
        let known = try take([("a", .text), ("b", .text)]).state
        let seen = try take([("b", .text)], into: known, at: start + .seconds(1)).state
        let ended = SchemaUpdate.markingMissing(in: seen, notSeenSince: start)
        #expect(ended.fields.map(\.stored.missing) == [true, false])
        let back = try take([("a", .text)], into: ended, at: start + .seconds(20)).state
        #expect(back.fields.map(\.stored.missing) == [false, false])
    }

    @Test(arguments: [["a", "a"], ["a", ""], ["a", "b\u{0}"]])
    func badNamesAreRefused(_ labels: [String]) {
        #expect {
            _ = try take(labels.map { ($0, nil) })
        } throws: { ($0 as? CausewayError)?.reason == "COLUMN_NAMES" }
    }

    @Test func fieldsAreBounded() throws {
        var state: EntityState?
        for file in 0..<2 {
            let labels = (0..<SchemaUpdate.maximumFields / 2).map { ("\(file) \($0)", FieldType?.none) }
            state = try take(labels, into: state).state
        }
        #expect {
            _ = try take([("one more", nil)], into: state)
        } throws: { ($0 as? CausewayError)?.reason == "TOO_MANY_FIELDS" }
        #expect(throws: CausewayError.self) { try take([(String(repeating: "x", count: 1_025), nil)]) }
    }

    @Test func theKeyMustBeThereAndStay() throws {
        #expect {
            _ = try take([("a", nil)], key: ["b"])
        } throws: { ($0 as? CausewayError)?.reason == "PRIMARY_KEY_MISSING" }
        var state = try take([("a", nil), ("b", nil)], key: ["a"]).state
        state = try take([("a", nil), ("b", nil)], key: ["b"], into: state).state
        #expect(state.entity.primaryKey == ["b"])
        state.entity.recordCount = 1
        for key in [["a"], [], ["b", "a"]] {
            #expect {
                _ = try take([("a", nil), ("b", nil)], key: key, into: state)
            } throws: { ($0 as? CausewayError)?.reason == "PRIMARY_KEY_CHANGED" }
        }
        #expect(try take([("a", nil), ("b", nil)], into: state).state.entity.primaryKey == ["b"])
    }
}
