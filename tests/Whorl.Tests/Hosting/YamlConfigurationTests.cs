using Microsoft.Extensions.Configuration;
using Whorl.Hosting.Configuration;
using Whorl.Tests.Support;

namespace Whorl.Tests.Hosting;

public sealed class YamlConfigurationTests
{
    [Fact]
    public void Nested_keys_and_lists_become_configuration_keys()
    {
        IConfigurationRoot configuration = Read("Edge:\n  Sites:\n    - Name: a\n      Hosts: [x, y]\nNode: { Data: /d }\n");

        configuration["Edge:Sites:0:Hosts:1"].ShouldBe("y");
        configuration["Node:Data"].ShouldBe("/d");
    }

    [Theory]
    [InlineData("a: [", ":2:1: ")]
    [InlineData("a: [one, two:.\nblock: 100\nrules:\n  - id: one\n", "")]
    [InlineData("? [a, b]\n: c\n", ":1:3: a key must be a plain word")]
    [InlineData("a: 1\na: 2\n", "")]
    public void What_is_no_settings_file_is_a_fault_with_its_file(string text, string said) =>
        Should.Throw<ConfigurationException>(() => Read(text)).Message.ShouldContain("whorl.yaml" + (said.Length > 0 ? said : ":"));

    private static IConfigurationRoot Read(string text)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("whorl.yaml"), text);
        return new ConfigurationBuilder().Add(new YamlConfigurationSource(folder.File("whorl.yaml"))).Build();
    }
}
