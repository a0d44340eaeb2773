import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayWire

extension Connection {
    init(_ view: ConnectionView) {
        self.init()
        let stored = view.stored
        name = ResourceName.connection(view.id)
        uid = view.shard.description
        displayName = stored.displayName
        integration = ResourceName.integration(stored.integration)
        direction = Direction(rawValue: stored.direction)
        signInMethod = stored.signInMethod
        settings = stored.settingValues.mapValues { SettingValue($0) }
        entities = stored.entityValues.map { EntitySettings($0) }
        schedule = Schedule(CausewayCore.Schedule(stored.schedule ?? StoredSchedule()))
        state = State(view)
        stateReason = view.hold == nil ? "" : stored.holdReason
        createTime = ProtoTimestamp(micros: stored.createMicros)
        updateTime = ProtoTimestamp(micros: stored.updateMicros)
        connectTime = ProtoTimestamp(micros: stored.connectMicros)
        etag = stored.etag
        nextRunTime = view.nextSlot.map { ProtoTimestamp($0) }
        lastRun = view.lastRun.map { ResourceName.run(view.id, $0) } ?? ""
        currentRun = view.currentRun.map { ResourceName.run(view.id, $0) } ?? ""
        credentialNames = view.credentialNames
    }
}

extension Connection.State {
    fileprivate init(_ view: ConnectionView) {
        self =
            if view.isDeleting {
                .deleting
            } else if let hold = view.hold {
                hold == .needsReconnect ? .needsReconnect : .parked
            } else {
                view.isPaused ? .paused : .active
            }
    }
}

extension ProtoTimestamp {
    /// Nil for zero, which in the store means: never.
    init?(micros: Int64) {
        guard micros != 0 else { return nil }
        self.init(Timestamp(micros: micros))
    }
}

extension Run {
    init(_ view: RunView) {
        self.init()
        let stored = view.stored
        name = ResourceName.run(view.connection, view.number)
        kind = Kind(rawValue: stored.kind)
        trigger = Trigger(rawValue: stored.trigger)
        state = State(rawValue: stored.state)
        createTime = ProtoTimestamp(micros: stored.createMicros)
        startTime = ProtoTimestamp(micros: stored.startMicros)
        endTime = ProtoTimestamp(micros: stored.endMicros)
        counters = RunCounters(stored.counters ?? StoredCounters())
        activity = view.activity
        slotTime = ProtoTimestamp(micros: stored.slotMicros)
        entities = stored.entities.map { part in
            EntityRunCounters.with {
                $0.entity = ResourceName.entity(view.connection, part.entity)
                $0.counters = RunCounters(part.counters ?? StoredCounters())
            }
        }
        stages = stored.stages.map { RunStage($0) }
        slowestStage =
            stored.stages.max { $0.busyMicros < $1.busyMicros }.map { $0.busyMicros > 0 ? $0.stage : "" } ?? ""
        subject = Self.subject(of: view)
        guard stored.errorCode != 0 else { return }
        error = RunError.with {
            $0.code = stored.errorCode
            $0.reason = stored.errorReason
            $0.message = stored.errorMessage
            $0.retryable = stored.errorRetryable
        }
    }
}

extension Run {
    /// The resource that a run is about.
    private static func subject(of view: RunView) -> String {
        let subject = view.stored.subject
        guard !subject.isEmpty else { return "" }
        return Kind(rawValue: view.stored.kind) == .quarantineRetry
            ? "\(ResourceName.connection(view.connection))/\(subject)" : ResourceName.entity(view.connection, subject)
    }
}

extension RunStage {
    init(_ stored: StoredStage) {
        self.init()
        stage = stored.stage
        busyTime = ProtoDuration(.microseconds(stored.busyMicros))
        bytes = stored.bytes
        rows = stored.rows
        guard stored.busyMicros > 0 else { return }
        let seconds = Double(stored.busyMicros) / 1e6
        bytesPerSecond = Double(stored.bytes) / seconds
        rowsPerSecond = Double(stored.rows) / seconds
    }
}

extension RunCounters {
    init(_ stored: StoredCounters) {
        self.init()
        filesListed = stored.filesListed
        filesRead = stored.filesRead
        filesSkipped = stored.filesSkipped
        filesHeld = stored.filesHeld
        filesFailed = stored.filesFailed
        bytesTotal = stored.bytesTotal
        bytesRead = stored.bytesRead
        rowsRead = stored.rowsRead
        rowsNew = stored.rowsNew
        rowsUpdated = stored.rowsUpdated
        rowsUnchanged = stored.rowsUnchanged
        rowsQuarantined = stored.rowsQuarantined
        reconnects = stored.reconnects
        rowsSuperseded = stored.rowsSuperseded
    }
}
