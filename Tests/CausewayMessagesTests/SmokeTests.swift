import CausewayMessages
import Testing

@Suite struct SmokeTests {
    @Test func aRunComesBackAsItWent() throws {
        let run = Run.with {
            $0.name = "connections/crm/runs/12"
            $0.state = .running
            $0.counters = .with { $0.rowsRead = 7 }
            $0.entities = [.with { $0.entity = "connections/crm/entities/customers" }]
        }
        #expect(try Run(decoding: run.encoded()) == run)
        #expect(RunServiceMethods.getRun.path == "/causeway.v1.RunService/GetRun")
        #expect(RunServiceMethods.getRun.role == .viewer)
        #expect(allMethods.count > 20)
    }
}
