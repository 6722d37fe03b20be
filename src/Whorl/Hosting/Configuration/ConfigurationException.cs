namespace Whorl.Hosting.Configuration;

/// <summary>The configuration cannot be used; the message says where and why, for a person. Ends the verb with exit code 2.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
