using Whorl.Kernel.Content;
using Whorl.Sources.Decoys.Personas;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decoys;

/// <summary>Persona files: what may stand in them, and how faults are named.</summary>
public sealed class PersonaTests
{
    [Fact]
    public void Every_shipped_persona_is_without_fault()
    {
        List<ContentFault> faults = [];
        IReadOnlyDictionary<string, Persona> personas = PersonaFiles.Read([Path.Combine(Repository.Root, "content", "personas")], faults);
        faults.ShouldBeEmpty();
        personas.ShouldNotBeEmpty();
        personas.Values.ShouldAllBe(persona => persona.Summary.Length > 0);
    }

    [Fact]
    public void A_service_has_the_usual_port_and_lets_nobody_in_unless_it_says_otherwise()
    {
        Persona persona = TestDecoy.Read("name: a\nservices:\n  - { service: https }\n  - { service: telnet, port: 2323, accept: any, shell: true }\n");
        persona.Services.Select(service => (service.Kind, service.Name, service.Port, service.Tls, service.Accept, service.Shell)).ShouldBe(
            [(ServiceKind.Http, "http", 443, true, AcceptPolicy.Never, false), (ServiceKind.Telnet, "telnet", 2323, false, AcceptPolicy.Any, true)]);
    }

    [Theory]
    [InlineData("", "f:1:1: this file is empty")]
    [InlineData("name: a", "f:1:1: a persona needs a services")]
    [InlineData("name: A b\nservices: [{ service: ssh }]", "f:1:7: name must be of lower-case letters, digits and dashes")]
    [InlineData("name: a\nservices: [{ service: sssh }]", "f:2:23: there is no service 'sssh' (did you mean ssh?)")]
    [InlineData("name: a\nservices: [{ service: ssh, prt: 3 }]", "f:2:28: a service has no key 'prt' (did you mean port?)")]
    [InlineData("name: a\nservices: [{ service: ssh, port: 70000 }]", "f:2:34: port must be a whole number from 1 to 65535")]
    [InlineData("name: a\nservices: [{ service: ssh, accept: some }]", "f:2:36: accept must be never, listed or any, not 'some'")]
    [InlineData("name: a\nservices: [{ service: ftp, banner: \"a\\r\\nb\" }]", "f:2:36: banner must be one line of ASCII")]
    [InlineData("name: a\nservices: [{ service: ftp, pages: [{ path: / }] }]", "f:2:35: only http and https have pages")]
    [InlineData("name: a\nservices: [{ service: ftp, errors: [{ status: 404 }] }]", "f:2:36: only http and https have errors")]
    [InlineData("name: a\nservices: [{ service: http, pages: [{ path: x }] }]", "f:2:45: a path begins with a slash")]
    [InlineData("name: a\nservices: [{ service: ssh }, { service: ftp, port: 22 }]", "f:2:11: two services are on port 22")]
    public void A_fault_is_named_with_its_place(string yaml, string fault)
    {
        List<ContentFault> faults = [];
        PersonaReader.Read("f", yaml, faults).ShouldBeNull();
        faults.Select(each => each.ToString()).ShouldContain(fault);
    }
}
