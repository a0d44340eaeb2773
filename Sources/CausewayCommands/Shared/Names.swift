import CausewayMessages

// The API's types where the values of CausewayCore have the same names.
typealias Direction = CausewayMessages.Direction
typealias EntitySettings = CausewayMessages.EntitySettings
typealias SettingValue = CausewayMessages.SettingValue
typealias Schedule = CausewayMessages.Schedule
