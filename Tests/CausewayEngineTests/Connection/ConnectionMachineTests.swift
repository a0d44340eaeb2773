import CausewayCore
import CausewayEngine
import CausewayTestKit
import Testing

@Suite struct ConnectionMachineTests {
    private static let slot = Timestamp(seconds: 1_000)

    /// A machine in each of its states, by a name for the report.
    private static func states() throws -> [(name: String, machine: ConnectionMachine)] {
        func machine(_ events: [ConnectionEvent], paused: Bool = false, hold: Hold? = nil) throws -> ConnectionMachine {
            var machine = ConnectionMachine(lastRunNumber: 4, isPaused: paused, hold: hold)
            for event in events { _ = try machine.apply(event) }
            return machine
        }
        let asked = ConnectionEvent.fetchRequested(.full, .manual, slot: nil, requestID: "")
        var states: [(String, ConnectionMachine)] = [
            ("idle", try machine([])),
            ("armed", try machine([.nextSlotKnown(slot)])),
            ("paused", try machine([.nextSlotKnown(slot)], paused: true)),
            ("needs reconnect", try machine([.nextSlotKnown(slot)], hold: .needsReconnect)),
            ("parked", try machine([.nextSlotKnown(slot)], hold: .parked)),
            ("recording", try machine([.nextSlotKnown(slot), asked])),
            ("queued", try machine([.nextSlotKnown(slot), asked, .runRecorded])),
            ("running", try machine([.nextSlotKnown(slot), asked, .runRecorded, .permitGranted])),
            ("deleting", try machine([.deleteRequested])),
            ("stopped", try machine([.stopRequested(.shutdown)])),
        ]
        for reason in StopReason.allCases {
            states.append(
                ("stopping \(reason)", try machine([asked, .runRecorded, .permitGranted, .stopRequested(reason)])))
            states.append(("recording, told to stop \(reason)", try machine([asked, .stopRequested(reason)])))
        }
        return states
    }

    private static let events: [ConnectionEvent] =
        [
            .fetchRequested(.full, .manual, slot: nil, requestID: "r"),
            .fetchRequested(.metadata, .resume, slot: nil, requestID: ""),
            .slotDue(slot, .schedule), .slotDue(Timestamp(seconds: 5), .catchUp), .runRecorded, .runNotRecorded,
            .permitGranted, .runEnded(hold: nil), .runEnded(hold: .needsReconnect), .paused, .resumed, .reconnected,
            .nextSlotKnown(nil), .nextSlotKnown(Timestamp(seconds: 2_000)), .deleteRequested,
        ] + StopReason.allCases.map { .stopRequested($0) }

    @Test("every event in every state leaves the machine whole")
    func everyPair() throws {
        for (name, start) in try Self.states() {
            for event in Self.events {
                // Only a run that is being recorded can turn out not to be recorded.
                if event == .runNotRecorded, start.run == nil { continue }
                var machine = start
                let directives: [ConnectionDirective]
                do {
                    directives = try machine.apply(event)
                } catch {
                    #expect(machine == start, "\(name): a refused \(event) changed something")
                    continue
                }
                let begun = directives.filter { if case .recordRun = $0 { true } else { false } }
                if !begun.isEmpty {
                    #expect(start.run == nil, "\(name): \(event) began a second run")
                    #expect(begun.count == 1)
                    #expect(machine.lastRunNumber == start.lastRunNumber + 1)
                }
                for case .startRun(let plan) in directives {
                    #expect(start.run?.phase == .queued, "\(name): \(event) started run \(plan.number)")
                }
                if machine.isDeleting || machine.isStopping {
                    #expect(machine.nextSlot == nil, "\(name): \(event) leaves a timer to a machine that ends")
                    #expect(begun.isEmpty || start.isStopping == false, "\(name): \(event) began a run at the end")
                }
            }
        }
    }

    @Test("a second run is refused while one is under way, and the refusal names it")
    func oneRunAtATime() throws {
        var machine = ConnectionMachine(lastRunNumber: 0, isPaused: false, hold: nil)
        #expect(
            try machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: ""))
                == [.recordRun(RunPlan(number: 1, kind: .full, trigger: .manual))])
        for event in [ConnectionEvent.runRecorded, .permitGranted, .stopRequested(.cancelled)] {
            let error = #expect(throws: CausewayError.self) {
                try machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: ""))
            }
            #expect(error?.reason == "RUN_IN_PROGRESS")
            #expect(error?.metadata["run"] == "1")
            _ = try machine.apply(event)
        }
        _ = try machine.apply(.runEnded(hold: nil))
        #expect(try !machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: "")).isEmpty)
    }

    @Test(
        "a slot that cannot become a run is recorded with the reason",
        arguments: [
            (false, Hold?.none, true, SkipReason.runInProgress), (true, nil, false, .paused),
            (false, .needsReconnect, false, .needsReconnect), (false, .parked, false, .parked),
        ])
    func skippedSlots(paused: Bool, hold: Hold?, running: Bool, reason: SkipReason) throws {
        var machine = ConnectionMachine(lastRunNumber: 0, isPaused: paused, hold: hold)
        _ = try machine.apply(.nextSlotKnown(Self.slot))
        if running { _ = try machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: "")) }
        #expect(try machine.apply(.slotDue(Self.slot, .schedule)) == [.recordSkippedSlot(Self.slot, reason)])
        #expect(machine.nextSlot == nil)
    }

    @Test("a timer of a slot that is not awaited any more says nothing")
    func lateTimer() throws {
        var machine = ConnectionMachine(lastRunNumber: 0, isPaused: false, hold: nil)
        _ = try machine.apply(.nextSlotKnown(Self.slot))
        _ = try machine.apply(.nextSlotKnown(Self.slot + .seconds(60)))
        #expect(try machine.apply(.slotDue(Self.slot, .schedule)).isEmpty)
    }

    @Test("a stop that comes while the run is recorded is carried out once it is")
    func stopWhileRecording() throws {
        var machine = ConnectionMachine(lastRunNumber: 0, isPaused: false, hold: nil)
        _ = try machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: ""))
        let plan = RunPlan(number: 1, kind: .full, trigger: .manual)
        #expect(try machine.apply(.stopRequested(.cancelled)).isEmpty)
        #expect(try machine.apply(.runRecorded) == [.requestPermit(plan), .stopRun(plan, .cancelled)])
        #expect(machine.stateName == "stopping")
    }

    @Test("a run whose record failed leaves no trace, and its number is free again")
    func notRecorded() throws {
        var machine = ConnectionMachine(lastRunNumber: 7, isPaused: false, hold: nil)
        let before = machine
        _ = try machine.apply(.fetchRequested(.full, .manual, slot: nil, requestID: ""))
        _ = try machine.apply(.runNotRecorded)
        #expect(machine == before)
    }

    @Test("random events never make a second run, and every run that began ends once")
    func randomSequences() throws {
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var machine = ConnectionMachine(lastRunNumber: 0, isPaused: false, hold: nil)
            var open: RunPlan?
            for _ in 0..<250 {
                let event = Self.events[random.below(Self.events.count)]
                switch event {
                // What only a run can say comes from a run.
                case .runRecorded, .runNotRecorded:
                    guard case .recording? = machine.run?.phase else { continue }
                case .runEnded: guard open != nil else { continue }
                default: break
                }
                guard let directives = try? machine.apply(event) else { continue }
                for case .recordRun(let plan) in directives {
                    #expect(open == nil, "seed \(seed): two runs")
                    open = plan
                }
                switch event {
                case .runEnded, .runNotRecorded: open = nil
                default: break
                }
                #expect(machine.run?.plan == open, "seed \(seed)")
            }
        }
    }
}
