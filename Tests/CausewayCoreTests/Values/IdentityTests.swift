import CausewayCore
import Testing

@Suite struct ShardIDTests {
    @Test func aUUIDv7OfItsInstant() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let id = ShardID.make(at: Timestamp(micros: 1_774_746_000_123_456), random: &random)
            let text = Array(id.description)
            #expect(text.count == 36 && text[14] == "7" && "89ab".contains(text[19]))
            #expect(id.high >> 16 == 1_774_746_000_123)
            #expect(ShardID(text: id.description) == id)
            #expect(ShardID.system < id)
        }
    }

    @Test func laterOnesAreGreaterAndNoTwoAreEqual() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<1_000).map { ShardID.make(at: Timestamp(micros: $0 * 1_000), random: &random) }
        #expect(ids == ids.sorted())
        let same = (0..<10_000).map { _ in ShardID.make(at: Timestamp(micros: 0), random: &random) }
        #expect(Set(same).count == same.count)
    }

    @Test func aClockBeforeTheEpochDoesNotTrap() {
        var random = SystemRandomNumberGenerator()
        #expect(ShardID.make(at: Timestamp(micros: .min), random: &random).high >> 16 == 0)
        _ = ShardID.make(at: Timestamp(micros: .max), random: &random)
    }

    @Test(
        "not ids",
        arguments: [
            "", "018f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5", "018f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5g",
            "018f2a3b4c5d7e6f8a9b0c1d2e3f4a5b", "------------------------------------",
            "018f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5b ", "+18f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5b",
        ])
    func notIDs(text: String) {
        #expect(ShardID(text: text) == nil)
    }
}

@Suite struct ResourceNameTests {
    @Test("ids of connections", arguments: ["a", "crm", "a-b", "a1", String(repeating: "a", count: 63)])
    func connectionIDs(id: String) {
        #expect(ResourceName.isConnectionID(id))
    }

    @Test(
        "not ids of connections",
        arguments: [
            "", "-a", "a-", "1a", "A", "a_b", "a b", "ä", "a/b", "a.b", String(repeating: "a", count: 64), "a\n", "a\0",
        ])
    func notConnectionIDs(id: String) {
        #expect(!ResourceName.isConnectionID(id))
    }

    @Test func entityIDsMayHaveUnderscores() {
        #expect(ResourceName.isEntityID("a_b-c1"))
        for id in ["", "_a", "1", "A", "a b", "é", String(repeating: "a", count: 64)] {
            #expect(!ResourceName.isEntityID(id))
        }
    }

    @Test func patterns() throws {
        #expect(try ResourceName.ids(of: ResourceName.run("crm", 12), like: "connections/*/runs/*") == ["crm", "12"])
        #expect(
            ResourceName.match("connections/crm/entities/e/fields/a/b c", "connections/*/entities/*/fields/**")
                == ["crm", "e", "a/b c"])
        for name in ["", "connections", "connections/", "connections/a/b", "/connections/a", "Connections/a"] {
            #expect(ResourceName.match(name, "connections/*") == nil, "\(name)")
        }
        let error = #expect(throws: CausewayError.self) { try ResourceName.ids(of: "x", like: "connections/*") }
        #expect(error?.violations.first?.field == "name")
    }
}
