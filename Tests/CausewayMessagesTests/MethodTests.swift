import CausewayMessages
import Testing

@Suite struct MethodTests {
    @Test func pathsAreUnique() {
        #expect(Set(allMethods.map(\.path)).count == allMethods.count)
        #expect(allMethods.contains(RunServiceMethods.getRun.info))
    }

    @Test func everyMethodHasARole() {
        #expect(allMethods.allSatisfy { $0.role.isKnown && $0.role != .unspecified })
    }

    @Test func theTableSaysWhatTheProtoSays() {
        #expect(RunServiceMethods.getRun.path == "/causeway.v1.RunService/GetRun")
        #expect(RunServiceMethods.getRun.role == .viewer)
        #expect(RunServiceMethods.startFetch.role == .operator)
        #expect(AdministrationServiceMethods.rotateMasterKey.role == .admin)
        #expect(RunServiceMethods.watchRun.isServerStreaming)
        #expect(!RunServiceMethods.getRun.isServerStreaming)
    }

    @Test func resourcesAreFoundInRequests() {
        #expect(
            RunServiceMethods.getRun.resource(.with { $0.name = "connections/crm/runs/1" })
                == "connections/crm/runs/1")
        #expect(AdministrationServiceMethods.getHealth.resource(GetHealthRequest()) == nil)
        #expect(AdministrationServiceMethods.getHealth.info.resourceField == nil)
    }
}
