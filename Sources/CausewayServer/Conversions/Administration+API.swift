import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

typealias StoreFigures = CausewayMessages.StoreFigures

extension Organisation {
    init(_ stored: StoredOrganisation) {
        self.init()
        displayName = stored.displayName
        timeZone = stored.timeZone
        updateTime = ProtoTimestamp(micros: stored.updateMicros)
        let kept = stored.retention ?? StoredRetention()
        retention = Retention.with {
            $0.runDays = kept.runDays
            $0.logDays = kept.logDays
            $0.quarantineDays = kept.quarantineDays
            $0.quarantineRows = kept.quarantineRows
        }
    }
}

extension ActorTree {
    init(_ view: ActorTreeView) {
        self.init()
        runningRuns = Int32(clamping: view.runningRuns)
        queuedRuns = Int32(clamping: view.queuedRuns)
        runPermits = Int32(clamping: view.runPermits)
        actorCount = Int64(view.count)
        startTime = ProtoTimestamp(view.startTime)
        actors = view.children.map { child in
            ActorInfo.with {
                $0.connection = ResourceName.connection(child.id)
                $0.state = child.state
                $0.currentRun = child.currentRun.map { ResourceName.run(child.id, $0) } ?? ""
                $0.nextRunTime = child.nextSlot.map { ProtoTimestamp($0) }
                $0.restarts = Int32(clamping: child.restarts)
                $0.lastFailure = child.lastFailure ?? ""
            }
        }
    }
}

extension StoreFigures {
    init(_ figures: CausewayStore.StoreFigures) {
        self.init()
        path = figures.path
        fileBytes = Int64(clamping: figures.fileBytes)
        usedBytes = Int64(clamping: figures.usedBytes)
        freeBytes = Int64(clamping: figures.freeBytes)
        mapBytes = Int64(clamping: figures.mapBytes)
        diskFreeBytes = Int64(clamping: figures.diskFreeBytes)
        lastTransaction = Int64(clamping: figures.lastTransaction)
        readers = Int32(clamping: figures.readers)
        oldestReaderLag = Int64(clamping: figures.oldestReaderLag)
        commits = Int64(clamping: figures.commits)
        units = Int64(clamping: figures.units)
        longestWriteMicros = figures.writeTimes.longest.microseconds
        tables = figures.tables.map { table in
            TableFigures.with {
                $0.table = table.table
                $0.entries = Int64(clamping: table.entries)
                $0.bytes = Int64(clamping: table.bytes)
            }
        }
    }
}

extension ConnectionFigures {
    init(_ sizes: ShardSizes, of id: String) {
        self.init()
        connection = ResourceName.connection(id)
        bytes = Int64(clamping: sizes.total)
        recordBytes = Int64(clamping: sizes.bytes(of: [.segments, .deadSlots, .retried]))
        indexBytes = Int64(clamping: sizes.bytes(of: [.keys, .keyRuns, .keyFilters]))
        statisticsBytes = Int64(clamping: sizes.bytes(of: [.killed, .fieldFigures, .valueTables, .days]))
        quarantineBytes = Int64(clamping: sizes.bytes(of: [.quarantine]))
        deadRecordBytes = Int64(clamping: sizes.deadRecordBytes)
        otherBytes = bytes - recordBytes - indexBytes - statisticsBytes - quarantineBytes
    }
}
