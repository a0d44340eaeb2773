import CausewayMessages

// The values of the core have some of the same names; in the server these are the messages of the API.
typealias Connection = CausewayMessages.Connection
typealias SettingValue = CausewayMessages.SettingValue
typealias EntitySettings = CausewayMessages.EntitySettings
typealias Schedule = CausewayMessages.Schedule
typealias Direction = CausewayMessages.Direction
typealias SignInMethod = CausewayMessages.SignInMethod
typealias SettingSpec = CausewayMessages.SettingSpec
typealias Record = CausewayMessages.Record
typealias Retention = CausewayMessages.Retention
