import CausewayCore
import CausewayMessages
import CausewayStore
import Testing

@Suite struct MessageCacheTests {
    private let store = MemoryStore()

    private func put(_ id: String, _ name: String) async throws {
        var unit = CommitUnit(.one, [])
        try EntityTable.put(into: &unit, id, .with { $0.displayName = name })
        try await store.commit(unit)
    }

    private func put(field number: UInt32, of entity: UInt32, _ label: String) async throws {
        var unit = CommitUnit(.one, [])
        try FieldTable.put(
            into: &unit, entity: entity, EntityField(number: number, stored: .with { $0.apiLabel = label }))
        try await store.commit(unit)
    }

    @Test func givesWhatTheStoreHasAtTheMoment() async throws {
        let recent = RecentMessages()
        func name() throws -> String? { try store.read { try recent.entity(in: $0, .one, "a")?.displayName } }
        #expect(try name() == nil)
        for text in ["first", "other", "longer than before", ""] {
            try await put("a", text)
            for _ in 0..<2 { #expect(try name() == text) }
        }
        var unit = CommitUnit(.one, [])
        EntityTable.delete(from: &unit, "a")
        try await store.commit(unit)
        #expect(try name() == nil)
    }

    @Test func givesAnOlderReaderTheOlderMessage() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            @Sendable func unit(_ name: String) throws -> CommitUnit {
                var unit = CommitUnit(.one, [])
                try EntityTable.put(into: &unit, "a", .with { $0.displayName = name })
                return unit
            }
            let cache = MessageCache<StoredEntity>(.entities)
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(try unit("older"))
            let names = try await onOwnThread {
                try store.read { older in
                    try commitAndWait(try unit("newer"), store)
                    let newer = try store.read { try cache.get(key, in: $0)?.displayName }
                    return [try cache.get(key, in: older)?.displayName, newer]
                }
            }
            #expect(names == ["older", "newer"])
        }
    }

    @Test func keepsWithinItsLimit() async throws {
        let cache = MessageCache<StoredEntity>(.entities, limit: 2)
        for index in 0..<5 {
            try await put("\(index)", "name \(index)")
        }
        for _ in 0..<2 {
            for index in 0..<5 {
                let found = try store.read { try cache.get(KeyBuilder.key(.one, "\(index)"), in: $0) }
                #expect(found?.displayName == "name \(index)")
                #expect(cache.count <= 2)
            }
        }
    }

    @Test func refusesWhatIsNoMessage() async throws {
        let key = KeyBuilder.key(.one, "a")
        try await store.commit(CommitUnit(.one, [.put(.entities, key: key, value: [0xFF])]))
        #expect(throws: CausewayError.self) { try store.read { try RecentMessages().entity(in: $0, .one, "a") } }
    }

    /// Also of labels that begin alike, and of one that is empty and so takes no bytes.
    @Test func findsFieldsByTheirLabels() async throws {
        let long = String(repeating: "ä", count: 100)
        let labels = ["id", "i", "", "idx", long, long + "x", "a/b"]
        for (index, label) in labels.enumerated() {
            try await put(field: UInt32(index + 1), of: 7, label)
        }
        try await put(field: 1, of: 8, "elsewhere")
        let recent = RecentMessages()
        for (index, label) in labels.enumerated() {
            let field = try store.read { try recent.field(in: $0, .one, entity: 7, label) }
            #expect(field?.number == UInt32(index + 1))
            #expect(field?.stored.apiLabel == label)
        }
        for label in ["elsewhere", "ID", "a"] {
            #expect(try store.read { try recent.field(in: $0, .one, entity: 7, label) } == nil)
        }
    }
}
