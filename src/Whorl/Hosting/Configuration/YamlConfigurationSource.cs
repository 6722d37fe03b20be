using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Whorl.Hosting.Configuration;

/// <summary>Reads a YAML file as configuration keys: maps become <c>a:b</c>, list items <c>a:0</c>.</summary>
internal sealed class YamlConfigurationSource(string path) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider(path);

    private sealed class Provider(string path) : ConfigurationProvider
    {
        // A settings file is flat; deeper nesting is a mistake or an attack on the stack.
        private const int MaxDepth = 16;

        public override void Load()
        {
            Dictionary<string, string?> data = new(StringComparer.OrdinalIgnoreCase);
            try
            {
                YamlStream yaml = [];
                using StreamReader reader = new(path);
                yaml.Load(reader);
                if (yaml.Documents.Count > 0)
                {
                    Flatten(yaml.Documents[0].RootNode, "", 0, data);
                }
            }
            catch (YamlException fault)
            {
                throw new ConfigurationException($"{path}:{fault.Start.Line}:{fault.Start.Column}: {fault.InnerException?.Message ?? fault.Message}");
            }
            catch (IOException fault)
            {
                throw new ConfigurationException($"{path}: {fault.Message}");
            }
            catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
            {
                // YamlDotNet ends so for some texts that are no YAML, without a place.
                throw new ConfigurationException($"{path}: this is not YAML");
            }

            Data = data;
        }

        private void Flatten(YamlNode node, string prefix, int depth, Dictionary<string, string?> data)
        {
            if (depth > MaxDepth)
            {
                throw new ConfigurationException($"{path}:{node.Start.Line}: nested deeper than {MaxDepth} levels");
            }

            switch (node)
            {
                case YamlMappingNode map:
                    foreach ((YamlNode key, YamlNode value) in map.Children)
                    {
                        string name = (key as YamlScalarNode)?.Value
                            ?? throw new ConfigurationException($"{path}:{key.Start.Line}:{key.Start.Column}: a key must be a plain word");
                        Flatten(value, Join(prefix, name), depth + 1, data);
                    }

                    break;
                case YamlSequenceNode list:
                    for (int i = 0; i < list.Children.Count; i++)
                    {
                        Flatten(list.Children[i], Join(prefix, i.ToString(CultureInfo.InvariantCulture)), depth + 1, data);
                    }

                    break;
                case YamlScalarNode scalar when prefix.Length > 0:
                    data[prefix] = scalar.Value;
                    break;
            }
        }

        private static string Join(string prefix, string key) => prefix.Length == 0 ? key : $"{prefix}:{key}";
    }
}
