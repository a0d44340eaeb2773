import CausewayConnectorKit
import CausewayCore
import Synchronization

/// Tries a configuration out: connects, signs in, and looks at every entity. Writes nothing, here or there.
struct ConnectionTester: Sendable {
    let connector: any Connector
    let configuration: ConnectorConfiguration

    /// Never throws: what went wrong is in the report. Cancellation ends it with what was found so far.
    func run() async -> TestReport {
        var report = TestReport()
        let source: any FileSource
        do {
            source = try connector.makeFileSource(configuration)
        } catch {
            report.failed("settings", error)
            return report
        }
        await look(at: source, &report)
        await source.close()
        return report
    }

    private func look(at source: any FileSource, _ report: inout TestReport) async {
        let steps = Mutex<[ConnectStep]>([])
        do {
            try await source.connect { step in steps.withLock { $0.append(step) } }
            for step in steps.withLock({ $0 }) { report.passed(step.title, step.detail) }
        } catch {
            for step in steps.withLock({ $0 }) { report.passed(step.title, step.detail) }
            report.failed("connect", error)
            return
        }
        for entity in configuration.entities {
            let title = "entity \(entity.entity)"
            do {
                let plan = try EntityPlan(entity)
                let counts = Mutex((files: 0, matching: 0))
                try await source.list(folder: plan.folder) { (page: [RemoteFile]) throws(CausewayError) in
                    counts.withLock { counts in
                        counts.files += page.count
                        counts.matching += page.count { plan.matches($0) }
                    }
                }
                let found = counts.withLock { $0 }
                report.passed(title, "\(plan.folder) has \(found.files) files, \(found.matching) of them match")
            } catch {
                report.failed(title, error)
                guard error.concernsOneFile else { return }
            }
        }
    }
}
