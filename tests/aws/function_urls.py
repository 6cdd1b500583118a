"""moto's CloudFormation with functions' URLs: its Lambda has them, its CloudFormation does not."""

from moto.awslambda.utils import get_backend
from moto.core.common_models import CloudFormationModel


class FunctionUrl(CloudFormationModel):
    # moto files its models under the second part of this.
    __module__ = "moto.awslambda.function_urls"

    def __init__(self, function):
        self.function = function
        self.physical_resource_id = function.function_arn

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Url"

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in ("FunctionArn", "FunctionUrl")

    def get_cfn_attribute(self, attribute_name):
        return self.function.get_url_config().to_dict()[attribute_name]

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        config = cloudformation_json["Properties"]
        function = get_backend(account_id, region_name).get_function(config["TargetFunctionArn"])
        function.create_url_config(config)
        return cls(function)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, *_):
        original_resource.function.update_url_config(cloudformation_json["Properties"])
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        get_backend(account_id, region_name).get_function(resource_name).delete_url_config()
